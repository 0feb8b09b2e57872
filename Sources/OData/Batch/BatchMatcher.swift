/// Matches the answers of a batch to its requests.
struct BatchMatcher {
    private let request: BatchRequest
    /// Of each request, by its place among all.
    private var results: [BatchItemResult?]
    /// Where each part's requests begin.
    private let starts: [Int]
    private var places: [String: Int] = [:]

    /// - Parameter request: with IDs.
    init(_ request: BatchRequest) {
        self.request = request
        results = Array(repeating: nil, count: request.count)
        var (starts, place) = ([Int](), 0)
        for part in request.parts {
            starts.append(place)
            for (offset, item) in part.items.enumerated() {
                if let id = item.id { places[id] = place + offset }
            }
            place += part.items.count
        }
        self.starts = starts
    }

    /// Requests without an answer: behind a failure they were not executed, unless the service was asked to go on.
    func finished() -> [BatchItemResult] {
        let last = results.lastIndex { $0 != nil }
        let stopped =
            !request.continuesOnError
            && last.map { place in
                switch results[place] {
                case .failed, .changeSetFailed: true
                default: false
                }
            } ?? false
        return results.enumerated().map { place, result in
            if let result { return result }
            return stopped && place > last ?? place ? .notExecuted : .unanswered
        }
    }

    // MARK: Multipart

    mutating func match(_ parts: [BatchResponse.Part]) throws(ODataError) {
        guard parts.count <= request.parts.count else { throw mismatch }
        var free = try assignByID(parts)
        var next = free.startIndex
        for (part, answer) in zip(parts.indices, parts) where free.answers.contains(part) {
            while next < request.parts.count, free.requests[next] == false { next += 1 }
            guard next < request.parts.count else { throw mismatch }
            free.requests[next] = false
            try settle(next, answer)
        }
    }

    /// What is left after the answers that name a request of another place than theirs.
    private struct Free {
        /// Whether the request part at each place has no answer yet.
        var requests: [Bool]
        /// Answers that go by their order.
        var answers: Set<Int> = []
        let startIndex = 0
    }

    /// Answers outside of change sets that name a request outside of change sets are its own; all others go by order.
    private mutating func assignByID(_ parts: [BatchResponse.Part]) throws(ODataError) -> Free {
        var partOfPlace: [Int: Int] = [:]
        for (part, start) in starts.enumerated() {
            if case .request = request.parts[part] { partOfPlace[start] = part }
        }
        var free = Free(requests: Array(repeating: true, count: request.parts.count))
        for (place, answer) in parts.enumerated() {
            guard case .response(let response) = answer, let id = response.contentID, let known = places[id],
                let part = partOfPlace[known]
            else {
                free.answers.insert(place)
                continue
            }
            guard free.requests[part] else { throw mismatch }
            free.requests[part] = false
            try settle(part, answer)
        }
        return free
    }

    private mutating func settle(_ part: Int, _ answer: BatchResponse.Part) throws(ODataError) {
        switch (request.parts[part], answer) {
        case (.request, .response(let response)):
            results[starts[part]] = result(of: response)
        case (.request, .changeSet(let responses)):
            // Some services put every write into a change set of its own.
            guard let response = responses.first, responses.count == 1 else { throw mismatch }
            results[starts[part]] = result(of: response)
        case (.changeSet(let set), .response(let response)):
            if response.isSuccess {
                guard set.items.count == 1 else { throw mismatch }
                results[starts[part]] = .response(response)
            } else {
                fail(part, with: response)
            }
        case (.changeSet(let set), .changeSet(let responses)):
            if let failure = responses.first(where: { !$0.isSuccess }) {
                fail(part, with: failure)
            } else {
                try settle(set, at: starts[part], responses)
            }
        }
    }

    /// A change set that was done: answers by the IDs that they name, the others in the order of what is left.
    private mutating func settle(
        _ set: BatchChangeSet, at start: Int, _ responses: [BatchItemResponse]
    ) throws(ODataError) {
        guard responses.count <= set.items.count else { throw mismatch }
        let range = start..<start + set.items.count
        var unnamed: [BatchItemResponse] = []
        for response in responses {
            guard let id = response.contentID, let place = places[id], range.contains(place) else {
                unnamed.append(response)
                continue
            }
            guard results[place] == nil else { throw mismatch }
            results[place] = .response(response)
        }
        // One answer too few is of a request that can't be told when none is named.
        guard unnamed.isEmpty || responses.count == set.items.count else { return }
        var left = unnamed.makeIterator()
        for place in range where results[place] == nil { results[place] = left.next().map { .response($0) } }
    }

    // MARK: JSON

    mutating func matchByID(_ parts: [BatchResponse.Part]) throws(ODataError) {
        var responses: [BatchItemResponse?] = Array(repeating: nil, count: results.count)
        for case .response(let response) in parts {
            guard let id = response.contentID, let place = places[id], responses[place] == nil else { throw mismatch }
            responses[place] = response
        }
        for (part, start) in starts.enumerated() {
            let range = start..<start + request.parts[part].items.count
            let answers = responses[range].compactMap(\.self)
            if case .changeSet = request.parts[part], let failure = Self.cause(among: answers) {
                fail(part, with: failure)
                continue
            }
            for place in range { results[place] = responses[place].map { result(of: $0) } }
        }
    }

    /// What made a group fail. 424 says of a request that another one did (OData JSON 4.01 §19.4).
    private static func cause(among responses: [BatchItemResponse]) -> BatchItemResponse? {
        let failures = responses.filter { !$0.isSuccess }
        return failures.first { $0.status != 424 } ?? failures.first
    }

    // MARK: Failures

    private func result(of response: BatchItemResponse) -> BatchItemResult {
        response.isSuccess ? .response(response) : .failed(response.serviceError)
    }

    /// All requests of a change set fail with the one answer that it got.
    private mutating func fail(_ part: Int, with response: BatchItemResponse) {
        let error = response.serviceError
        let range = starts[part]..<starts[part] + request.parts[part].items.count
        let named = [response.contentID, error.message?.contentID] + error.details.map(\.contentID)
        let culprit = named.compactMap { reference(to: $0, in: range) }.first
        // A dependency that failed elsewhere is nobody's fault in here.
        let blamed = response.status == 424 ? nil : culprit
        for place in range { results[place] = .changeSetFailed(error, culprit: blamed) }
    }

    private func reference(to id: String?, in range: Range<Int>) -> BatchReference? {
        guard let id, let place = places[id], range.contains(place) else { return nil }
        return BatchReference(id: id, index: place)
    }

    private var mismatch: ODataError { .malformed(PayloadError(.batch)) }
}
