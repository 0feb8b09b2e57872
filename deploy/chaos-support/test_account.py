"""The account must find what it must find: each sin planted, and each innocent loss told apart from it."""

import io
import json
import os
import tempfile
import unittest

import faults
import records
import timeline
from account import Account, Disturbance, causes, disturbances, unexplained_endings
from load import expiry_of
from peer import Exchange, exchanges

TIMEOUT = 2.0


def grant(at, generation, took=0.05, answer="whole", fault=None, family="f"):
    return Exchange(at, at + took, family, generation, "granted", fault, answer)


def reuse(at, generation, family="f"):
    return Exchange(at, at + 0.01, family, generation, "reused", None, "whole")


def book(seen, durable=(), disturbed=()):
    return Account(seen, {"conn": list(durable)}, list(disturbed), {"f": "conn"}, TIMEOUT)


class AccountTests(unittest.TestCase):
    def verdict(self, *arguments):
        losses = book(*arguments).losses()
        self.assertEqual(len(losses), 1)
        self.assertEqual(losses[0].connection, "conn")
        return losses[0].verdict, losses[0].cause

    def test_a_family_in_which_each_token_is_used_once_is_no_loss(self):
        self.assertEqual(book([grant(1, 0), grant(2, 1), grant(3, 2)], [1.1, 2.1, 3.1]).losses(), [])

    def test_a_second_use_after_the_successor_was_kept_is_ours(self):
        self.assertEqual(self.verdict([grant(1, 0), reuse(5, 0)], [1.1])[0], "reused")

    def test_that_the_receiver_died_later_is_no_excuse_for_it(self):
        killed = [Disturbance("killed", 1.2, 1.4)]
        self.assertEqual(self.verdict([grant(1, 0), reuse(5, 0)], [1.1], killed)[0], "reused")

    def test_nor_that_the_endpoint_says_the_answer_was_cut(self):
        self.assertEqual(self.verdict([grant(1, 0, answer="cut"), reuse(5, 0)], [1.1])[0], "reused")

    def test_a_second_use_while_the_first_is_under_way_is_ours(self):
        self.assertEqual(self.verdict([grant(1, 0, took=1.5), reuse(1.4, 0)])[0], "reused")

    def test_unless_the_first_had_been_given_up(self):
        seen = [grant(1, 0, took=3.5, answer="gone"), reuse(3.4, 0)]
        self.assertEqual(self.verdict(seen), ("unanswered", "too late"))

    def test_a_second_use_of_a_token_whose_successor_was_used_is_ours(self):
        self.assertEqual(self.verdict([grant(1, 0), grant(2, 1), reuse(3, 0)])[0], "reused")

    def test_an_answer_that_nobody_kept_though_it_arrived_is_lost_by_us(self):
        self.assertEqual(self.verdict([grant(1, 0), reuse(20, 0)])[0], "received")

    def test_an_answer_that_became_durable_after_it_was_overtaken_is_lost_by_us(self):
        stopped = [Disturbance("stopped", 0.9, 30)]
        self.assertEqual(self.verdict([grant(1, 0), reuse(20, 0)], [30.2], stopped)[0], "received")

    def test_a_request_that_was_given_up_early_is_lost_by_us(self):
        self.assertEqual(self.verdict([grant(1, 0, took=0.5, answer="gone"), reuse(20, 0)])[0], "received")

    def test_answers_that_never_arrived_are_told_by_cause(self):
        for answer in ("dropped", "cut", "unreadable"):
            self.assertEqual(self.verdict([grant(1, 0, answer=answer), reuse(20, 0)]), ("unanswered", answer))
        seen = [grant(1, 0), reuse(20, 0)]
        stopped, killed = Disturbance("stopped", 1.02, 6), Disturbance("killed", 1.02, 1.2)
        self.assertEqual(self.verdict(seen, [], [stopped, killed]), ("unanswered", "receiver killed"))
        gone = [grant(1, 0, took=7, answer="gone"), reuse(20, 0)]
        self.assertEqual(self.verdict(gone, [], [stopped]), ("unanswered", "receiver stopped"))

    def test_an_answer_that_waited_for_a_stopped_receiver_had_arrived(self):
        stopped = [Disturbance("stopped", 1.02, 6)]
        self.assertEqual(self.verdict([grant(1, 0), reuse(20, 0)], [], stopped)[0], "received")

    def test_what_befell_another_instance_is_no_excuse(self):
        seen, sent = [grant(1, 0), reuse(20, 0)], {"conn": [(0.4, "i"), (0.99, "j"), (19.9, "i")]}
        for name, verdict in (("i", "received"), ("j", "unanswered"), (None, "unanswered")):
            killed = Disturbance("killed", 1.02, 1.2, name)
            losses = Account(seen, {}, [killed], {"f": "conn"}, TIMEOUT, sent).losses()
            self.assertEqual([loss.verdict for loss in losses], [verdict])

    def test_an_endpoint_that_reset_the_connection_is_told_from_an_instance_that_hung_up(self):
        reset = disturbances([{"at": 1.02, "what": "fault begins", "kind": "refuse"},
                              {"at": 2.0, "what": "fault ends", "kind": "refuse"}])
        gone = [grant(1, 0, answer="gone"), reuse(20, 0)]
        self.assertEqual(self.verdict(gone, [], reset), ("unanswered", "reset by the endpoint"))
        self.assertEqual(self.verdict([grant(3, 0, answer="gone"), reuse(20, 0)], [], reset)[0], "received")
        self.assertEqual(self.verdict([grant(1, 0), reuse(20, 0)], [], reset)[0], "received")

    def test_a_kill_at_another_time_is_no_excuse(self):
        for disturbed in (Disturbance("killed", 0.2, 0.9), Disturbance("killed", 3, 3.2)):
            self.assertEqual(self.verdict([grant(1, 0), reuse(20, 0)], [], [disturbed])[0], "received")

    def test_what_was_kept_of_another_generation_is_not_taken_for_this_one(self):
        seen = [grant(1, 0), grant(5, 1, answer="dropped"), reuse(20, 1)]
        self.assertEqual(self.verdict(seen, [1.1]), ("unanswered", "dropped"))

    def test_nor_is_what_was_kept_of_the_next_grant_of_the_connection(self):
        seen = [grant(1, 0, answer="dropped"), reuse(20, 0), grant(21, 0, family="g")]
        both = Account(seen, {"conn": [21.1]}, [], {"f": "conn", "g": "conn"}, TIMEOUT)
        self.assertEqual([(loss.family, loss.verdict) for loss in both.losses()], [("f", "unanswered")])

    def test_a_second_use_without_a_first_is_ours(self):
        self.assertEqual(self.verdict([grant(1, 3), reuse(2, 1)])[0], "reused")

    def test_a_token_that_the_endpoint_never_gave_is_found(self):
        refused = Exchange(2, 2.01, "f", 9, "refused", None, "whole")
        self.assertEqual(book([grant(1, 0), refused]).refused_without_reuse(), ["f"])
        after = Exchange(3, 3.01, "f", 0, "refused", None, "whole")
        self.assertEqual(book([grant(1, 0), reuse(2, 0), after]).refused_without_reuse(), [])

    def test_causes_count_only_what_was_unanswered(self):
        losses = book([grant(1, 0, answer="cut"), reuse(20, 0)]).losses()
        losses += book([grant(1, 0), reuse(5, 0)], [1.1]).losses()
        self.assertEqual(causes(losses), {"cut": 1})


class EndingTests(unittest.TestCase):
    def test_a_connection_that_asks_for_its_owner_needs_a_lost_answer(self):
        losses = book([grant(1, 0, answer="cut"), reuse(20, 0)]).losses()
        self.assertEqual(unexplained_endings([("conn", 21, "answer_lost")], losses), [])
        self.assertEqual(len(unexplained_endings([("conn", 19, "answer_lost")], losses)), 1)
        self.assertEqual(len(unexplained_endings([("other", 21, "answer_lost")], losses)), 1)

    def test_one_lost_answer_explains_one_ending(self):
        losses = book([grant(1, 0, answer="cut"), reuse(20, 0)]).losses()
        self.assertEqual(len(unexplained_endings([("conn", 21, "a"), ("conn", 40, "a")], losses)), 1)

    def test_a_grant_that_we_lost_explains_none(self):
        losses = book([grant(1, 0), reuse(5, 0)], [1.1]).losses()
        self.assertEqual(len(unexplained_endings([("conn", 21, "a")], losses)), 1)


class RecordTests(unittest.TestCase):
    def test_kills_and_stops_of_the_journal_become_disturbances(self):
        found = disturbances([
            {"at": 10, "what": "instance stopped", "instance": "i"},
            {"at": 12, "what": "instance killed", "instance": "j"},
            {"at": 15, "what": "instance continued", "instance": "i"}])
        self.assertEqual([(d.kind, d.begins <= 14 <= d.ends) for d in found], [("stopped", True), ("killed", False)])

    def test_an_instance_that_was_never_continued_stays_disturbed(self):
        found = disturbances([{"at": 10, "what": "instance stopped", "instance": "i"}])
        self.assertEqual(found[0].ends, float("inf"))

    def test_identifiers_are_read_as_the_database_has_them(self):
        # The example of the TypeID specification, version 0.3.
        self.assertEqual(
            records.uuid_of("prefix_01h455vb4pex5vsknk084sn02q"), "01890a5d-ac96-774b-bcce-b302099a8057")

    def test_expiry_is_read_from_a_token(self):
        self.assertEqual(expiry_of("at.c1-0.7.1764000000500"), ("c1-0", 7, 1764000000.5))
        for text in ("", "at.c1.x.5", "at.c1.5", "eyJ.a.b.c"):
            self.assertIsNone(expiry_of(text))

    def test_a_log_line_that_a_kill_cut_is_passed_over(self):
        with tempfile.TemporaryDirectory() as directory:
            line = json.dumps({"at": 1_000_000, "end": 1_050_000, "family": "f", "generation": 0, "outcome": "granted",
                               "fault": None, "answer": "whole"})
            path = os.path.join(directory, "peer.log")
            with open(path, "w", encoding="utf-8") as file:
                file.write(line + "\n" + line[:40])
            self.assertEqual([(e.at, e.end) for e in exchanges(path)], [(1.0, 1.05)])


class PlanTests(unittest.TestCase):
    def test_a_seed_decides_the_plan(self):
        first = [faults.plan(7, number, 3, 4.0, 10.0) for number in range(1, 200)]
        self.assertEqual(first, [faults.plan(7, number, 3, 4.0, 10.0) for number in range(1, 200)])
        self.assertNotEqual(first, [faults.plan(8, number, 3, 4.0, 10.0) for number in range(1, 200)])

    def test_every_kind_comes(self):
        kinds = {fault.kind for number in range(500) for fault in faults.plan(1, number, 3, 4.0, 10.0).faults}
        self.assertEqual(kinds, set(faults.KINDS))

    def test_the_seed_of_the_short_run_has_something_of_all(self):
        kinds = {fault.kind for number in range(1, 13) for fault in faults.plan(1603, number, 3, 4.0, 10.0).faults}
        self.assertTrue({"kill", "kill-all", "stop", "cut", "replica-away", "drop", "malformed", "late"} <= kinds)
        self.assertTrue({"failover-kill", "failover-immediate"} & kinds)
        self.assertTrue({"restart-fast", "restart-immediate"} & kinds)

    def test_a_stop_is_longer_than_the_lease_and_ends_before_anybody_may_take_over(self):
        planned = [fault for number in range(500) for fault in faults.plan(1, number, 3, 4.0, 10.0).faults]
        stops = [fault for fault in planned if fault.kind == "stop"]
        self.assertTrue(stops and all(4.0 < fault.seconds < 4.0 + 10.0 - 5.0 for fault in stops))

    def test_every_fault_of_the_endpoint_is_one_that_the_peer_knows(self):
        for kind in faults.ENDPOINT:
            self.assertIn("mode", faults.endpoint_fault(faults.Fault(kind, 0, 1), 2.0))

    def test_only_the_named_kinds_come_where_some_are_named(self):
        kinds = {fault.kind for n in range(200) for fault in faults.plan(1, n, 3, 4.0, 10.0, ["kill", "cut"]).faults}
        self.assertEqual(kinds, {"kill", "cut"})


class TimelineTests(unittest.TestCase):
    def test_sources_are_joined_by_time(self):
        connection = "conn_01h455vb4pex5vsknk084sn02q"
        with tempfile.TemporaryDirectory() as directory:
            def write(name, *entries):
                with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                    file.writelines(json.dumps(entry) + "\n" for entry in entries)

            write("harness.jsonl", {"at": 1, "what": "linked", "connection": connection, "family": "f"},
                  {"at": 3, "what": "instance killed", "instance": "instance-0"},
                  {"at": 3, "what": "linked", "connection": "conn_other", "family": "g"})
            write("peer.log", *[{"at": 2_000_000, "end": 2_100_000, "family": family, "generation": 0,
                                 "outcome": "granted", "fault": None, "answer": "whole"} for family in ("f", "g")])
            write("instance-0.log", {"ts": "1970-01-01T00:00:02.500000Z", "level": "debug", "logger": "l",
                                     "message": records.DURABLE, "connection": connection, "fence": "1"})
            write("lifecycle_events.jsonl", {"connection": records.uuid_of(connection), "type": "connection.refreshed",
                                             "reason": None, "at": 2.7})
            out = io.StringIO()
            timeline.show(directory, connection, out=out)
            text = out.getvalue()
            places = [text.index(part) for part in (
                "linked family=f", "f generation 0: granted", records.DURABLE, "connection.refreshed",
                "instance killed")]
            self.assertEqual(places, sorted(places))
            self.assertNotIn("conn_other", text)
            self.assertNotIn("g generation", text)

    def test_lines_that_say_the_same_are_told_once(self):
        entries = [(1, "i", "failed request_id=a"), (2, "i", "failed request_id=b"), (3, "i", "failed request_id=c"),
                   (4, "j", "failed request_id=d"), (5, "i", "other")]
        told = [(source, text) for _, source, text in timeline.without_repetition(entries)]
        self.assertEqual(told, [("i", "failed"), ("", "… 2 more of these"), ("j", "failed"), ("i", "other")])


if __name__ == "__main__":
    unittest.main()
