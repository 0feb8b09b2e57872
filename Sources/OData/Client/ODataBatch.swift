import HTTPTypes

/// Requests that go and come back together, each with an answer of its own type.
///
///     var batch = ODataBatch()
///     let partner = batch.add(.entity(Query("A_BusinessPartner").key("1")))
///     let item = batch.changeSet { set in
///         let order = set.add(.create(header, in: Query("A_SalesOrder")))
///         return set.add(.create(item, in: order.entity.navigate("to_Item")))
///     }
///     let answers = try await client.send(batch)
///     let entity = try await answers.value(of: partner)
///
/// Services do change sets wholly or not at all; other requests each by itself. `BatchRequest` is the form below it, for who
/// wants to write requests byte for byte.
public struct ODataBatch: Sendable {
    typealias Preparation = @Sendable (ServiceContext) throws(ODataError) -> PreparedRequest

    struct Entry: Sendable {
        var id: String
        var options: RequestOptions
        var prepare: Preparation
    }

    enum Part: Sendable {
        case request(Entry)
        case changeSet([Entry])
    }

    var parts: [Part] = []
    /// How many requests there are.
    public private(set) var count = 0
    /// Goes on after a request that fails; version 4 stops there otherwise, and so do many services of version 2.
    public var continuesOnError = false

    /// Without requests.
    public init() {}

    /// Adds a request. A write outside of a change set becomes one of its own in version 2, which has no other.
    ///
    /// - Parameter options: its headers and preferences; deadlines are the batch's.
    public mutating func add<Value>(
        _ request: ODataRequest<Value>, _ options: RequestOptions = RequestOptions()
    ) -> BatchSlot<Value> {
        let (slot, entry) = take(request, options)
        parts.append(.request(entry))
        return slot
    }

    /// Adds writes that the service does all or none of.
    public mutating func changeSet<Result, Failure: Error>(
        _ build: (inout ChangeSet) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var set = ChangeSet(batch: self)
        let result = try build(&set)
        self = set.batch
        if !set.entries.isEmpty { parts.append(.changeSet(set.entries)) }
        return result
    }

    /// Collects the writes of a change set.
    public struct ChangeSet: Sendable {
        var batch: ODataBatch
        var entries: [Entry] = []

        /// Adds a write.
        public mutating func add<Value>(
            _ request: ODataRequest<Value>, _ options: RequestOptions = RequestOptions()
        ) -> BatchSlot<Value> {
            let (slot, entry) = batch.take(request, options)
            entries.append(entry)
            return slot
        }
    }

    private mutating func take<Value>(
        _ request: ODataRequest<Value>, _ options: RequestOptions
    ) -> (BatchSlot<Value>, Entry) {
        count += 1
        let id = String(count)
        let entry = Entry(id: id, options: options, prepare: request.prepare)
        return (BatchSlot(id: id, index: count - 1, request: request), entry)
    }

    /// Written for a version.
    func request(_ context: ServiceContext) throws(ODataError) -> BatchRequest {
        var batch = BatchRequest()
        batch.continuesOnError = continuesOnError
        for part in parts {
            switch part {
            case .request(let entry):
                let item = try Self.item(entry, context)
                if context.version.isV4 || item.isRead {
                    batch.add(item)
                } else {
                    batch.changeSet { set in _ = set.add(item) }
                }
            case .changeSet(let entries):
                var items: [BatchItem] = []
                for entry in entries { items.append(try Self.item(entry, context)) }
                batch.changeSet { set in
                    for item in items { set.add(item) }
                }
            }
        }
        return batch
    }

    private static func item(_ entry: Entry, _ context: ServiceContext) throws(ODataError) -> BatchItem {
        BatchItem(try entry.prepare(context), entry.options, context, id: entry.id)
    }
}

/// A request of a batch: finds its answer, and stands for the entity that it makes.
public struct BatchSlot<Value: Sendable>: Sendable {
    /// Its `Content-ID`.
    public let id: String
    let index: Int
    let request: ODataRequest<Value>

    /// The entity that the request makes or reads, for later requests of the same change set (4.01: of the batch).
    public var entity: Query { .contentID(id) }
}

/// The answers of a batch.
public struct BatchAnswers: Sendable {
    /// As they are, in the order of the requests.
    public let results: BatchResults
    /// Of each request: what links in its answer are relative to.
    let urls: [String]
    let context: ServiceContext
    let client: ODataClient

    /// The answer to a request.
    ///
    /// - Throws: what the request would have thrown by itself. A change set's requests all throw the error that it failed with;
    ///   `results` says which of them is to blame. A request that was not done because one before it failed throws `.service`
    ///   with status 424; one without an answer, `.malformed(.batch)`, and nobody knows whether it was done.
    public func answer<Value>(to slot: BatchSlot<Value>) async throws(ODataError) -> Answer<Value> {
        guard results.items.indices.contains(slot.index) else { throw .malformed(PayloadError(.batch)) }
        switch results.items[slot.index] {
        case .response(let response):
            return try await client.finish(slot.request, Reply(response, url: urls[slot.index]), context)
        case .failed(let error), .changeSetFailed(let error, _): throw ODataError(error)
        case .notExecuted: throw .service(ServiceError(status: 424))
        case .unanswered: throw .malformed(PayloadError(.batch))
        }
    }

    /// The value of the answer to a request; see `answer(to:)`.
    public func value<Value>(of slot: BatchSlot<Value>) async throws(ODataError) -> Value {
        try await answer(to: slot).value
    }
}

extension BatchItem {
    /// The version's fields and the accepted form stand in each request, as in one that goes alone.
    init(_ prepared: PreparedRequest, _ options: RequestOptions, _ context: ServiceContext, id: String?) {
        self.init(
            prepared.method, context.root.relative(prepared.target), headers: prepared.fields(context, options),
            body: prepared.body, id: id)
    }
}

extension Reply {
    init(_ response: BatchItemResponse, url: String) {
        self.init(
            status: response.status, headers: response.headers, url: url, body: ResponseBody(response.body),
            messages: ServiceMessage.messages(in: response.headers))
    }
}
