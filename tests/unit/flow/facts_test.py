# SPDX-License-Identifier: BSD-3-Clause
"""What facts.json says of the flow classifier's files is so, and features are still those it was trained with.
Arguments: config/models/flows, the features of its test capture."""
import hashlib
import json
import pathlib
import sys
import unittest

FLOWS, FEATURES = (pathlib.Path(a) for a in sys.argv[1:3])


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Facts(unittest.TestCase):
    def test_files_and_features(self):
        facts = json.loads((FLOWS / "facts.json").read_text(encoding="utf-8"))
        self.assertEqual({name: sha256(FLOWS / name) for name in facts["sha256"]}, facts["sha256"])
        self.assertEqual(sha256(FEATURES), facts["features_sha256"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
