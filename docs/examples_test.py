#!/usr/bin/env python3
"""Code and scenarios that the documents quote are those that are tested.

A code block under `<!-- from PATH -->` stands word for word in the file PATH.
"""

import re
import unittest

from tools.lib import unittest_main

DOCUMENTS = ["README.md", "docs/coroutines.md"]
QUOTATION = re.compile(r"<!-- from (\S+) -->\n```\w*\n(.*?)```", re.DOTALL)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class ExamplesTest(unittest.TestCase):
    def test_quotations_are_word_for_word(self):
        for document in DOCUMENTS:
            quotations = QUOTATION.findall(read(document))
            self.assertTrue(quotations, document)
            for path, code in quotations:
                with self.subTest(document=document, code=code.splitlines()[0]):
                    self.assertIn(code, read(path))


if __name__ == "__main__":
    unittest_main.main()
