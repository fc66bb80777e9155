#!/usr/bin/env python3
"""`stagepost campaign` as a whole: processes, interruption, resumption, and what it reports."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from tools.lib import unittest_main

STAGEPOST = os.path.abspath("tools/stagepost")
SCENARIO = """
name: "test/waits" summary: "s"
world {{ host {{ name: "mx" address: "192.0.2.1" }} }}
step {{ wait {{ for: "{wait}" }} }}
expect {{ file {{ host: "mx" path: "/etc/mail" exists: {exists} }} }}
"""
DELIVERED = "scenarios/first/delivered.textproto"


class CampaignTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, wait="1s", exists="true"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(SCENARIO.format(wait=wait, exists=exists))
        return self.path(name)

    def run_campaign(self, *arguments):
        done = subprocess.run([STAGEPOST, "campaign", *arguments], text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.returncode, done.stdout, done.stderr

    def run_json(self, *arguments):
        status, output, error = self.run_campaign("--json", *arguments)
        return status, json.loads(output), error

    def test_counts_what_held(self):
        status, result, _ = self.run_json("--seeds", "5..24", "--jobs=2", DELIVERED)
        self.assertEqual(status, 0)
        self.assertEqual((result["held"], result["failed"], result["left"]), (20, 0, 0))
        self.assertTrue(result["complete"])
        self.assertEqual(result["scenarios"][0]["distinct_hashes"], 20)
        self.assertIn("queue: orphan removed", result["probes_never_reached"])

    def test_lists_what_failed_with_the_command_that_replays_it(self):
        file = self.write("fails.textproto", exists="false")
        status, result, _ = self.run_json("--seeds", "1..30", file)
        self.assertEqual(status, 1)
        failures = result["scenarios"][0]["first_failures"]
        self.assertEqual([failure["seed"] for failure in failures], list(range(1, 11)))
        command = failures[0]["replay"]
        replayed = subprocess.run(command, shell=True, stdout=subprocess.PIPE, check=False)
        self.assertEqual(replayed.returncode, 1, command)

    def test_finds_the_canary(self):
        status, output, _ = self.run_campaign("--canary", "scenarios/first/delivered.textproto")
        self.assertEqual(status, 0, output)
        command = re.search("the canary was found.*\n  replay: (.*)", output).group(1)
        replayed = subprocess.run(command, shell=True, text=True, stdout=subprocess.PIPE,
                                  check=False)
        self.assertEqual(replayed.returncode, 1)
        self.assertIn("is lost", replayed.stdout)

    def test_says_when_there_is_no_canary_to_be_found(self):
        file = self.write("nothing.textproto")
        status, result, _ = self.run_json("--canary", "--seeds", "1..20", file)
        self.assertEqual(status, 1)
        self.assertEqual(result["canary"], {"found": False})

    def test_goes_on_where_it_stopped(self):
        journal = self.path("journal")
        status, first, _ = self.run_json("--seeds", "1..10", "--resume", journal, DELIVERED)
        self.assertEqual(status, 0)
        with open(journal, "a", encoding="utf-8") as file:
            file.write("result 0 11 held 0123")  # killed while it wrote
        status, second, error = self.run_json("--seeds", "1..15", "--resume", journal, DELIVERED)
        self.assertEqual(status, 0, error)
        self.assertEqual(second["held"], 15)
        self.assertEqual(first["probes_reached"], second["probes_reached"])
        with open(journal, encoding="utf-8") as file:
            lines = [line for line in file if line.startswith("result ")]
        self.assertEqual(len(lines), 15)

    def test_does_not_go_on_with_another_campaign(self):
        journal = self.path("journal")
        self.run_json("--seeds", "1..2", "--resume", journal, DELIVERED)
        status, _, error = self.run_campaign("--faults", "--resume", journal, DELIVERED)
        self.assertEqual(status, 65)
        self.assertIn("other options or scenarios", error)

    def test_stops_at_the_time_limit_and_when_interrupted(self):
        status, result, _ = self.run_json("--seeds", "1..10000000", "--time-limit", "1s", DELIVERED)
        self.assertEqual(status, 0)
        self.assertGreater(result["left"], 0)
        with subprocess.Popen([STAGEPOST, "campaign", "--seeds", "1..10000000", "--json",
                               DELIVERED], stdout=subprocess.PIPE) as process:
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertTrue(json.loads(output)["interrupted"])

    def test_shows_where_two_runs_of_a_seed_part(self):
        # The second worker gets another scenario than the first: a FIFO gives each reader its own.
        fifo = self.path("fifo.textproto")
        os.mkfifo(fifo)

        def feed():
            for more in ("", "", "step { wait { for: '1s' } }"):  # the campaign, the two workers
                with open(fifo, "w", encoding="utf-8") as file:
                    file.write(SCENARIO.format(wait="1s", exists="true") + more)
                time.sleep(0.3)  # until the reader has seen the end

        feeder = threading.Thread(target=feed)
        feeder.start()
        status, result, error = self.run_json("--seeds", "1..1", fifo)
        feeder.join()
        self.assertEqual(status, 1, error)
        self.assertEqual(result["differences"], 1)
        difference = result["scenarios"][0]["differences"][0]
        self.assertEqual(len(set(difference["hashes"])), 2)
        self.assertRegex(difference["where"], r"(?s)first event that differs.*\n  2 .* step ")

    def test_a_worker_that_dies_is_a_failed_seed(self):
        with subprocess.Popen([STAGEPOST, "campaign", "--seeds", "1..10000000", "--json",
                               "--time-limit", "3s", DELIVERED], stdout=subprocess.PIPE) as process:
            time.sleep(0.7)
            with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
                children = file.read().split()
            self.assertEqual(len(children), 2)
            for child in children:
                os.kill(int(child), signal.SIGKILL)
            output, _ = process.communicate(timeout=30)
        result = json.loads(output)
        self.assertEqual(process.returncode, 1)
        self.assertIn(result["failed"], (1, 2))
        what = result["scenarios"][0]["first_failures"][0]["failures"][0]["what"]
        self.assertEqual(what, "the simulator ended: signal 9")
        self.assertGreater(result["held"], 2)

    def test_refuses_what_it_cannot_do(self):
        for arguments, status in (([], 64), (["--seeds", "2..1", DELIVERED], 64),
                                  (["--jobs", "0", DELIVERED], 64),
                                  (["--canary", "--resume", "x", DELIVERED], 64),
                                  (["--sedes", "1..2", DELIVERED], 64),
                                  (["--time-limit", "soon", DELIVERED], 64),
                                  (["/nowhere"], 66)):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.run_campaign(*arguments)[0], status)


if __name__ == "__main__":
    unittest_main.main()
