# SPDX-License-Identifier: BSD-3-Clause
"""qaic-pipe while a card fails in mid-stream, told to by its control socket (docs/emulated-card.md): a workload or a card that
crashes comes back, and inferences go on; a card that is gone drops its items with a reason, or leaves them to another; and the
ledger balances in every scrape. Arguments: source root, build root, then unittest's."""
from pipe_cards import PipeCards, main

MORE = 5000  # inferences that show that it goes on: more than was in flight or in a queue, a second or two


class PipeFaults(PipeCards):
    def running(self, cards, options=""):
        """A stream on these cards that infers."""
        for name in cards:
            self.serve(name)
        pipe = self.stream(cards, options)
        self.wait_for(lambda: self.done() > 1000)
        return pipe

    def goes_on(self):
        for _ in range(20):  # while it happens; scrape() looks at the ledger
            self.scrape()
        before = self.done()
        self.wait_for(lambda: self.done() > before + MORE)

    def ended(self, pipe):
        """What the stage that infers has counted, and what the program said."""
        report, said = self.finish(pipe)
        self.assertEqual(pipe.returncode, 0, said)
        ledger = self.balanced(report)
        self.assertEqual(ledger["dropped"], sum(sum(stage["dropped"].values()) for stage in report["stages"]))
        net = report["stages"][1]
        # An inference that failed was tried again or dropped.
        self.assertEqual(net["counts"]["errors"], net["counts"]["retries"] + net["dropped"]["inference_failed"], net)
        self.assertEqual(net["dropped"]["stopped"], 0, net)
        return net, said

    def test_a_workload_that_crashes_is_restarted(self):
        pipe = self.running(["a"])
        self.inject("a", "ssr", dbc=self.dbc_of("a"), dump=True)
        self.goes_on()
        _, said = self.ended(pipe)
        self.assertIn("E_SSR", said)
        self.assertIn("model 0 runs again on DBC", said)

    def comes_back(self, fault, **more):
        pipe = self.running(["a"])
        self.inject("a", fault, **more)
        self.goes_on()
        _, said = self.ended(pipe)
        self.assertIn("card is lost, operations come back with E_RESET", said)
        self.assertIn("device is ONLINE again", said)

    def test_a_card_whose_firmware_crashes_is_booted_again(self):
        self.comes_back("sys_err")

    def test_a_card_that_reboots_itself_is_booted_again(self):
        self.comes_back("sys_err", reboot=True)

    def test_a_card_with_a_fatal_error_is_booted_again(self):
        self.comes_back("ras", source="ddr", type="fatal")

    def test_answers_with_an_error_are_tried_again(self):
        pipe = self.running(["a"], "retries = 16")
        self.inject("a", "fail_responses", dbc=self.dbc_of("a"), code=3, count=100)
        self.goes_on()
        net, _ = self.ended(pipe)
        self.assertEqual(net["counts"]["errors"], 100, net)
        self.assertEqual(sum(net["dropped"].values()), 0, net)

    def test_the_only_card_is_removed(self):
        pipe = self.running(["a"], "patience_ms = 300")
        self.inject("a", "remove")
        lost = lambda: sum(self.value("qaic_pipe_stage_dropped_items_total", stage="net", reason=reason)
                           for reason in ("inference_failed", "card_lost"))
        self.wait_for(lambda: lost() > MORE)
        before = self.done()
        self.wait_for(lambda: lost() > 2 * MORE)
        self.assertEqual(self.done(), before)
        _, said = self.ended(pipe)
        self.assertIn("device is REMOVED", said)

    def test_one_of_two_cards_is_removed_and_the_other_takes_over(self):
        pipe = self.running(["a", "b"], 'cards = "0,1"\nretries = 2')
        self.inject("a", "remove")
        self.goes_on()
        net, said = self.ended(pipe)
        self.assertIn("ml_qaic_vfu0: device is REMOVED", said)
        self.assertEqual(sum(net["dropped"].values()), 0, net)
        self.assertGreater(net["counts"]["inferences"], MORE)

    def test_a_card_that_is_gone_is_not_asked_again_and_again(self):
        # It answers at once, so it always has least to do; without retries it would swallow what the other one could compute.
        pipe = self.running(["a", "b"], 'cards = "0,1"\nretries = 0')
        self.inject("a", "remove")
        self.goes_on()
        errors = lambda: self.value("qaic_pipe_stage_events_total", stage="net", event="errors")
        before = errors()
        self.goes_on()
        self.assertLess(errors() - before, MORE / 10)
        self.ended(pipe)

    def test_one_of_two_cards_crashes_and_nothing_is_lost(self):
        pipe = self.running(["a", "b"], 'cards = "0,1"\nretries = 2')
        self.inject("b", "sys_err")
        self.goes_on()
        net, said = self.ended(pipe)
        self.assertIn("ml_qaic_vfu1: device is ONLINE again", said)
        self.assertEqual(sum(net["dropped"].values()), 0, net)


if __name__ == "__main__":
    main()
