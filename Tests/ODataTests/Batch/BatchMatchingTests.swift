import HTTPTypes
import Testing

@testable import OData

@Suite("Which answer of a batch belongs to which request")
struct BatchMatchingTests {
    private static func ok(_ id: String? = nil, _ body: String = "", status: Int = 200) -> BatchItemResponse {
        BatchItemResponse(status: status, body: Array(body.utf8), contentID: id)
    }

    private static func multipart(_ parts: BatchResponse.Part...) -> BatchResponse {
        BatchResponse(parts, format: .multipart)
    }

    private static func json(_ responses: BatchItemResponse...) -> BatchResponse {
        BatchResponse(responses.map { .response($0) }, format: .json)
    }

    /// read 1, change set of 2 and 3, read 4
    private static func batch() -> (
        batch: BatchRequest, read: BatchReference, set: [BatchReference], last: BatchReference
    ) {
        var batch = BatchRequest()
        let read = batch.read("A")
        let set = batch.changeSet { set in
            [set.create("B", body: [0x7B, 0x7D]), set.delete("C(1)")]
        }
        let last = batch.read("D")
        return (batch, read, set, last)
    }

    private static func body(_ result: BatchItemResult) -> String? {
        guard case .response(let response) = result else { return nil }
        return batchText(response.body)
    }

    @Test func `answers go by their order`() throws {
        let (batch, read, set, last) = Self.batch()
        let results = try Self.multipart(
            .response(Self.ok(nil, "a")), .changeSet([Self.ok(nil, "b"), Self.ok(nil, "c")]),
            .response(Self.ok(nil, "d"))
        ).results(for: batch)
        #expect([read, set[0], set[1], last].map { Self.body(results[$0]) } == ["a", "b", "c", "d"])
        #expect(results.isComplete)
        #expect(results.items.count == 4)
    }

    @Test func `an answer that points elsewhere has done nothing, one that has nothing newer is an answer`() throws {
        let (batch, read, set, last) = Self.batch()
        let results = try Self.multipart(
            .response(Self.ok(status: 304)), .changeSet([Self.ok(status: 204), Self.ok(status: 302)]),
            .response(Self.ok())
        ).results(for: batch)
        #expect(throws: Never.self) { try results[read].get() }
        #expect(throws: ODataError.self) { try results[set[1]].get() }
        #expect(!results.isComplete && Self.body(results[last]) != nil)
    }

    @Test func `pitfall 29: answers of a change set in another order find their requests by Content-ID`() throws {
        let (batch, _, set, _) = Self.batch()
        let results = try Self.multipart(
            .response(Self.ok()), .changeSet([Self.ok(set[1].id, "c"), Self.ok(set[0].id, "b")]), .response(Self.ok())
        ).results(for: batch)
        #expect(set.map { Self.body(results[$0]) } == ["b", "c"])
    }

    @Test func `pitfall 29: what names no request takes the place that is left`() throws {
        let (batch, _, set, _) = Self.batch()
        let results = try Self.multipart(
            .response(Self.ok()), .changeSet([Self.ok(nil, "c"), Self.ok(set[0].id, "b")]), .response(Self.ok())
        ).results(for: batch)
        #expect(set.map { Self.body(results[$0]) } == ["b", "c"])
    }

    @Test func `answers outside of change sets go by Content-ID too, if they have one`() throws {
        let (batch, read, set, last) = Self.batch()
        let results = try Self.multipart(
            .response(Self.ok(last.id, "d")), .changeSet([Self.ok(nil, "b"), Self.ok(nil, "c")]),
            .response(Self.ok(read.id, "a"))
        ).results(for: batch)
        #expect([read, set[0], set[1], last].map { Self.body(results[$0]) } == ["a", "b", "c", "d"])
    }

    @Test func `pitfall 26: a change set that failed has one answer, for all of its requests`() throws {
        var (batch, read, set, last) = Self.batch()
        batch.continuesOnError = true
        let results = try Self.multipart(
            .response(Self.ok(nil, "a")), .response(Self.ok(nil, status: 400)), .response(Self.ok(nil, "d"))
        ).results(for: batch)
        #expect(Self.body(results[read]) == "a")
        #expect(Self.body(results[last]) == "d")
        for reference in set {
            guard case .changeSetFailed(let error, culprit: nil) = results[reference] else {
                Issue.record("\(results[reference])")
                continue
            }
            #expect(error.status == 400)
        }
        #expect(!results.isComplete)
    }

    @Test func `the request that a change set failed by is told, by Content-ID or in a change set of its own`() throws {
        let (batch, _, set, _) = Self.batch()
        let failure = Self.ok(set[1].id, status: 409)
        for answer in [BatchResponse.Part.response(failure), .changeSet([failure]), .changeSet([Self.ok(), failure])] {
            let results = try Self.multipart(.response(Self.ok()), answer).results(for: batch)
            guard case .changeSetFailed(let error, let culprit) = results[set[0]] else {
                Issue.record("\(results[set[0]])")
                continue
            }
            #expect(error.status == 409)
            #expect(culprit == set[1])
        }
    }

    @Test func `behind a failure nothing was executed, unless the service was asked to go on`() throws {
        var (batch, _, set, last) = Self.batch()
        let answer = Self.multipart(.response(Self.ok(nil, status: 404)))
        var results = try answer.results(for: batch)
        guard case .failed(let error) = results.items[0] else {
            Issue.record("\(results.items[0])")
            return
        }
        #expect(error.status == 404)
        #expect((set + [last]).map { results[$0] } == [.notExecuted, .notExecuted, .notExecuted])
        batch.continuesOnError = true
        results = try answer.results(for: batch)
        #expect((set + [last]).map { results[$0] } == [.unanswered, .unanswered, .unanswered])
    }

    @Test func `answers that are missing without a failure are not called unexecuted`() throws {
        let (batch, read, set, last) = Self.batch()
        let results = try Self.multipart(.response(Self.ok())).results(for: batch)
        #expect((set + [last]).map { results[$0] } == [.unanswered, .unanswered, .unanswered])
        let none = try Self.multipart().results(for: batch)
        #expect(none[read] == .unanswered)
        let few = try Self.multipart(.response(Self.ok()), .changeSet([Self.ok()]), .response(Self.ok())).results(
            for: batch)
        #expect(set.map { few[$0] } == [.unanswered, .unanswered])
    }

    @Test func `one write may be answered with a change set or without`() throws {
        var batch = BatchRequest()
        let one = batch.changeSet { set in set.delete("A(1)") }
        let two = batch.write(.delete, "B(1)")
        let results = try Self.multipart(.response(Self.ok(nil, "a")), .changeSet([Self.ok(nil, "b")])).results(
            for: batch)
        #expect([one, two].map { Self.body(results[$0]) } == ["a", "b"])
    }

    @Test(arguments: [
        [BatchResponse.Part.response(ok()), .response(ok()), .response(ok())],
        [.response(ok()), .changeSet([ok(), ok(), ok()]), .response(ok())],
        [.response(ok()), .changeSet([ok("2"), ok("2")]), .response(ok())],
        [.changeSet([ok(), ok()]), .changeSet([ok(), ok()]), .response(ok())],
        [.response(ok("1")), .response(ok("1")), .response(ok())],
        [.response(ok()), .changeSet([ok(), ok()]), .response(ok()), .response(ok())],
        [.response(ok("4")), .response(ok("1")), .changeSet([ok(), ok()]), .response(ok("4"))],
    ])
    func `answers that fit no request are an error, not a guess`(_ parts: [BatchResponse.Part]) {
        #expect(throws: ODataError.malformed(PayloadError(.batch))) {
            try BatchResponse(parts, format: .multipart).results(for: Self.batch().batch)
        }
    }

    @Test func `the JSON format goes by id, in any order`() throws {
        let (batch, read, set, last) = Self.batch()
        let results = try Self.json(
            Self.ok(last.id, "d"), Self.ok(set[1].id, "c"), Self.ok(read.id, "a"), Self.ok(set[0].id, "b")
        ).results(for: batch)
        #expect([read, set[0], set[1], last].map { Self.body(results[$0]) } == ["a", "b", "c", "d"])
    }

    @Test func `in the JSON format a group fails as a whole, by the one that isn't 424`() throws {
        let (batch, _, set, last) = Self.batch()
        let results = try Self.json(
            Self.ok("1"), Self.ok(set[0].id, status: 424), Self.ok(set[1].id, status: 412),
            Self.ok(last.id, status: 424)
        ).results(for: batch)
        guard case .changeSetFailed(let error, let culprit) = results[set[0]], case .failed(let alone) = results[last]
        else {
            Issue.record("\(results)")
            return
        }
        #expect(error.status == 412)
        #expect(culprit == set[1])
        #expect(alone.status == 424)
    }

    @Test func `a group of the JSON format that wasn't begun has no culprit`() throws {
        let (batch, _, set, _) = Self.batch()
        let results = try Self.json(
            Self.ok("1", status: 500), Self.ok(set[0].id, status: 424), Self.ok(set[1].id, status: 424)
        ).results(for: batch)
        guard case .changeSetFailed(let error, culprit: nil) = results[set[0]] else {
            Issue.record("\(results)")
            return
        }
        #expect(error.status == 424)
        #expect(results.items.last == .notExecuted)
    }

    @Test(arguments: [["1", "1"], ["9"], [nil]])
    func `in the JSON format an id that is strange, double or missing is an error`(_ ids: [String?]) {
        let answer = BatchResponse(ids.map { .response(Self.ok($0)) }, format: .json)
        #expect(throws: ODataError.malformed(PayloadError(.batch))) { try answer.results(for: Self.batch().batch) }
    }

    @Test func `the codec's own numbers find their requests again`() throws {
        let batch = BatchRequest([
            .request(BatchItem(.get, "A")), .request(BatchItem(.get, "B", id: "1")),
            .changeSet(BatchChangeSet([BatchItem(.delete, "C(1)"), BatchItem(.delete, "C(2)", id: "g1")])),
        ])
        let sent = try BatchRequest(parsing: try batch.batchEncoded(.v401, .json).body, contentType: "application/json")
        let ids = sent.parts.flatMap(\.items).map { $0.id ?? "" }
        #expect(Set(ids).count == 4)
        let answer = BatchResponse(ids.reversed().map { .response(Self.ok($0, $0)) }, format: .json)
        #expect(try answer.results(for: batch).items.map { Self.body($0) } == ids)
    }

    @Test func `a reference of another batch finds nothing`() throws {
        let (batch, _, _, _) = Self.batch()
        let results = try Self.multipart(.response(Self.ok())).results(for: batch)
        #expect(results[BatchReference(id: "1", index: 99)] == .unanswered)
    }

    @Test func `what a request became is thrown like a refusal of its own`() throws {
        let (batch, read, set, last) = Self.batch()
        let results = try Self.multipart(
            .response(Self.ok(nil, "a")), .response(Self.ok(nil, status: 412))
        ).results(for: batch)
        #expect(try batchText(results[read].get().body) == "a")
        #expect {
            try results[set[0]].get()
        } throws: { error in
            guard case .conflict(.stale, let refusal) = error as? ODataError else { return false }
            return refusal.status == 412
        }
        #expect(throws: ODataError.service(ServiceError(status: 424))) { try results[last].get() }
        #expect(throws: ODataError.malformed(PayloadError(.batch))) { try BatchItemResult.unanswered.get() }
    }

    @Test func `a refusal's body is read: code, message and what it is about`() throws {
        let (batch, _, set, _) = Self.batch()
        let body = #"{"error":{"code":"M7/053","message":"Period is closed","details":[{"code":"X/1","message":"a"}]}}"#
        let response = BatchItemResponse(
            status: 400, headers: [.contentType: "application/json"], body: Array(body.utf8))
        let results = try Self.multipart(.response(Self.ok()), .response(response)).results(for: batch)
        guard case .changeSetFailed(let error, culprit: nil) = results[set[0]] else {
            Issue.record("\(results[set[0]])")
            return
        }
        #expect(error.code == "M7/053")
        #expect(error.message?.text == "Period is closed")
        #expect(error.details.map(\.code) == ["X/1"])
    }
}
