public import HTTPTypes

/// Requests that a service gets and answers together (`$batch`).
///
/// A batch is built with `read`, `write` and `changeSet`, whose references find the answers afterwards and serve as parents:
///
///     var batch = BatchRequest()
///     let partner = batch.read("A_BusinessPartner('1')")
///     let order = batch.changeSet { set in
///         let order = set.create("A_SalesOrder", body: header)
///         set.create(order.path("to_Item"), body: item)
///         return order
///     }
///     let encoded = try batch.encoded(.v2, format: .multipart, using: &generator)
///     // POST `$batch` below the service root with `encoded.headers` and `encoded.body`; the session adds token and client.
///     let answer = try BatchResponse(parsing: bytes, contentType: type, limits: limits)
///     let results = try answer.results(for: batch)
///     switch results[order] { … }
///
/// Source: OData v2 "Batch Processing"; OData 4.01 Protocol §11.7; OData JSON 4.01 §19.
public struct BatchRequest: Sendable, Hashable {
    public enum Part: Sendable, Hashable {
        /// A read; in version 4 a write too.
        case request(BatchItem)
        case changeSet(BatchChangeSet)

        /// The requests in it, in order.
        public var items: [BatchItem] {
            switch self {
            case .request(let item): [item]
            case .changeSet(let set): set.items
            }
        }
    }

    public private(set) var parts: [Part]
    /// Asks the service to go on after a request that fails (`Prefer: odata.continue-on-error`); version 4 services stop
    /// there otherwise. Version 2 has no such preference.
    public var continuesOnError = false
    /// How many requests there are, those of change sets among them.
    public private(set) var count: Int
    /// IDs are numbers from here, those that callers chose left out.
    private var lastNumber = 0
    private var chosenIDs: Set<String>

    public init(_ parts: [Part] = []) {
        self.parts = parts
        count = parts.reduce(0) { $0 + $1.items.count }
        chosenIDs = Set(parts.flatMap(\.items).compactMap(\.id))
    }

    /// Adds a request outside of change sets.
    @discardableResult public mutating func add(_ item: BatchItem) -> BatchReference {
        let numbered = numbered(item)
        parts.append(.request(numbered.item))
        defer { count += 1 }
        return BatchReference(id: numbered.id, index: count)
    }

    /// Adds a `GET` that asks for JSON, unless `headers` ask for something else.
    @discardableResult
    public mutating func read(_ url: String, headers: HTTPFields = [:]) -> BatchReference {
        add(BatchItem(.get, url, headers: headers.acceptingJSON()))
    }

    /// Adds a write outside of change sets, which version 4 alone has.
    @discardableResult
    public mutating func write(
        _ method: HTTPRequest.Method, _ url: String, body: [UInt8]? = nil, headers: HTTPFields = [:]
    ) -> BatchReference {
        add(BatchItem(method, url, headers: headers.acceptingJSON().describingJSON(body), body: body))
    }

    /// Adds writes that the service does all or none of.
    /// - Parameter name: its name in the JSON format, to be depended on.
    @discardableResult public mutating func changeSet<Result, Failure: Error>(
        named name: String? = nil, _ build: (inout ChangeSetBuilder) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var builder = ChangeSetBuilder(batch: self)
        let result = try build(&builder)
        let items = builder.items
        self = builder.batch
        parts.append(.changeSet(BatchChangeSet(items, name: name)))
        count += items.count
        return result
    }

    mutating func numbered(_ item: BatchItem) -> (item: BatchItem, id: String) {
        if let id = item.id {
            chosenIDs.insert(id)
            return (item, id)
        }
        var item = item
        let id = nextID()
        item.id = id
        return (item, id)
    }

    private mutating func nextID() -> String {
        repeat { lastNumber += 1 } while chosenIDs.contains(String(lastNumber))
        chosenIDs.insert(String(lastNumber))
        return String(lastNumber)
    }

    /// The same batch with an ID on every request and a name on every change set. Equal batches get equal ones, so that
    /// answers find their requests.
    func identified() -> BatchRequest {
        var copy = self
        var taken = chosenIDs.union(parts.compactMap(\.name))
        var number = 0
        func unused(_ prefix: String) -> String {
            repeat { number += 1 } while taken.contains(prefix + String(number))
            taken.insert(prefix + String(number))
            return prefix + String(number)
        }
        copy.parts = parts.map { part in
            switch part {
            case .request(var item):
                item.id = item.id ?? unused("")
                return .request(item)
            case .changeSet(var set):
                set.name = set.name ?? unused("g")
                for place in set.items.indices { set.items[place].id = set.items[place].id ?? unused("") }
                return .changeSet(set)
            }
        }
        return copy
    }

    public static func == (left: BatchRequest, right: BatchRequest) -> Bool {
        left.parts == right.parts && left.continuesOnError == right.continuesOnError
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(parts) }
}

extension BatchRequest.Part {
    var name: String? {
        guard case .changeSet(let set) = self else { return nil }
        return set.name
    }
}

/// A request of a batch: finds its answer in `BatchResults`, and stands for the entity that it makes.
public struct BatchReference: Sendable, Hashable {
    public let id: String
    /// Its place among all requests of the batch, those of change sets counted each.
    public let index: Int

    /// The entity that the request makes, as the URL of a later one, or in a body (`"to_Customer@odata.bind": "$1"`).
    ///
    /// Version 2 and 4.0 know it in the same change set alone, 4.01 in all requests that follow. Writing a batch checks it.
    public var url: String { "$" + id }

    /// A URL below the entity that the request makes: `$1/to_Item`.
    public func path(_ relative: String) -> String { url + "/" + relative }
}

/// Collects the requests of a change set.
public struct ChangeSetBuilder: Sendable {
    var batch: BatchRequest
    public private(set) var items: [BatchItem] = []

    init(batch: BatchRequest) { self.batch = batch }

    @discardableResult public mutating func add(_ item: BatchItem) -> BatchReference {
        let numbered = batch.numbered(item)
        items.append(numbered.item)
        return BatchReference(id: numbered.id, index: batch.count + items.count - 1)
    }

    @discardableResult public mutating func write(
        _ method: HTTPRequest.Method, _ url: String, body: [UInt8]? = nil, headers: HTTPFields = [:]
    ) -> BatchReference {
        add(BatchItem(method, url, headers: headers.acceptingJSON().describingJSON(body), body: body))
    }

    /// A `POST` of an entity: to a set, or below another one that is made in the same change set.
    @discardableResult public mutating func create(
        _ url: String, body: [UInt8], headers: HTTPFields = [:]
    ) -> BatchReference { write(.post, url, body: body, headers: headers) }

    /// - Parameters:
    ///   - method: `PATCH`, `PUT`, or `MERGE` where an older gateway knows that alone.
    ///   - etag: sent as `If-Match`; nil sends none.
    @discardableResult public mutating func update(
        _ url: String, body: [UInt8], etag: ETag? = nil, method: HTTPRequest.Method = .patch, headers: HTTPFields = [:]
    ) -> BatchReference { write(method, url, body: body, headers: headers.matching(etag)) }

    @discardableResult public mutating func delete(
        _ url: String, etag: ETag? = nil, headers: HTTPFields = [:]
    ) -> BatchReference { write(.delete, url, headers: headers.matching(etag)) }
}

extension HTTPFields {
    fileprivate func acceptingJSON() -> HTTPFields {
        guard self[.accept] == nil else { return self }
        var copy = self
        copy[.accept] = "application/json"
        return copy
    }

    fileprivate func describingJSON(_ body: [UInt8]?) -> HTTPFields {
        guard body?.isEmpty == false, self[.contentType] == nil else { return self }
        var copy = self
        copy[.contentType] = "application/json"
        return copy
    }

    fileprivate func matching(_ etag: ETag?) -> HTTPFields {
        guard let etag else { return self }
        var copy = self
        copy[.ifMatch] = etag.text
        return copy
    }
}
