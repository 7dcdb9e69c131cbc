# SPDX-License-Identifier: BSD-3-Clause
"""qaic-perf names the bottleneck: emulated cards that are configured to have it, and one load that has none. Doorbells,
register reads and far memory cost an emulated card's host next to nothing: those are in unit/perf (test_evidence), in virtual
time. Arguments: source root, build root."""
import re

import perf_card

LARGE = "timed:in=65536,out=64"
MANY_TENSORS = "timed:in=" + "+".join(["64"] * 20) + ",out=64"
TRIES = 3


class Explain(perf_card.PerfCard):
    def names(self, sentence, *options, **how):
        """A card whose thread is kept from its processor by others is not busy: then the run is made again."""
        said, report = self.undisturbed(TRIES, lambda: self.limit(*options, **how), lambda limit: re.search(sentence, limit[0]))
        self.assertRegex(said, sentence)
        return report

    def limit(self, *options, control=True):
        """The sentence, and the report it is of."""
        asked = ["--card-control", self.control] if control else []
        report = self.perf("run", "--time", "1", *asked, *options)
        print(report["limit"], flush=True)
        self.assertIn(report["limit"], self.said)
        return report["limit"], report

    def test_card(self):
        self.serve("mean_us = 100\ncopy = false\n")
        report = self.names("^The card is the limit: all its slots computed (9[5-9]|100) % of the time, (29|30|31).[0-9] operations wait",
                            "--queue-depth", 32)
        self.assertEqual(report["cards"][0]["configuration"]["timing"]["mean_us"], 100)
        # A host that may not ask sees that operations wait behind the doorbell.
        report = self.names("^The card or its link is the limit: an operation takes 3[0-9]{3}.[0-9] us, and 1[0-9]{2}.[0-9] us with "
                            "nothing else out", "--queue-depth", 32, control=False)
        self.assertNotIn("cards", report)

    def test_link(self):
        self.program(LARGE)
        self.serve("mean_us = 1\ncopy = false\nlink_in_bytes_per_s = 100_000_000\n")
        report = self.names("^The card's link is the limit: its fuller direction was in use (9[5-9]|100) % of the time",
                            "--queue-depth", 32)
        self.assertAlmostEqual(report["throughput"]["inferences_per_s"], 1e8 / 65536, delta=0.05 * 1e8 / 65536)

    def test_queue_depth(self):
        self.serve("mean_us = 1000\nslots = 16\ncopy = false\n")
        for control in (True, False):
            self.names("^The queue depth is the limit: .* raise --queue-depth", "--queue-depth", 4, control=control)

    def test_request_fifo(self):
        # 65,536 elements of a FIFO are 2,048 operations of more than 16 elements; the card could take eight times as many.
        self.program(MANY_TENSORS)
        self.serve("mean_us = 100_000\nslots = 16384\ncopy = false\n")
        report = self.names("^The request FIFO is the limit: [0-9]+ % of the enqueue calls found it full",
                            "--queue-depth", 4096, "--burst", 32)
        self.assertGreater(report["cycles"]["refused_calls"], 0)

    def test_nothing(self):
        self.serve("mean_us = 100\ncopy = false\n")
        for control in (True, False):
            self.names("^Nothing is saturated .*/s is the load that was asked for; raise --rate", "--rate", 1000, control=control)


if __name__ == "__main__":
    perf_card.main()
