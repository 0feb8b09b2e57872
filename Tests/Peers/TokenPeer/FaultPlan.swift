import StrictJSON

/// What may go wrong with one request, on demand.
enum Fault: String, Hashable, Sendable, CaseIterable {
    // Nothing is looked at: the token stays good.
    case serverError = "server_error"
    case rateLimited = "rate_limited"
    case redirect
    case empty400 = "empty_400"
    case html500 = "html_500"
    case invalidClient = "invalid_client"
    case malformed
    // The token is spent, and its successor doesn't arrive, or only slowly.
    case dropAfterProcessing = "drop_after_processing"
    case cut
    case malformedAfterProcessing = "malformed_after_processing"
    case drip

    var isAfterProcessing: Bool {
        switch self {
        case .serverError, .rateLimited, .redirect, .empty400, .html500, .invalidClient, .malformed: false
        case .dropAfterProcessing, .cut, .malformedAfterProcessing, .drip: true
        }
    }
}

/// Which faults happen how often. Read from the body of `PUT /faults`.
struct FaultPlan: Hashable, Sendable {
    enum Mode: String, Sendable {
        case none
        /// Nothing listens: a connection is refused; those that are open are reset.
        case down
        /// Connections are accepted and reset before anything is read.
        case reset
        /// Each request meets each fault with its probability.
        case mix
    }

    enum RetryAfterForm: String, Sendable {
        case seconds, date
    }

    var mode = Mode.none
    /// Added between processing and answer.
    var latency = Duration.zero
    /// Up to this much more, evenly spread.
    var jitter = Duration.zero
    /// Share of requests that latency and jitter concern.
    var latencyProbability = 1.0
    /// Named in the answers of `rate_limited`.
    var retryAfterSeconds: Int64 = 2
    var retryAfterForm = RetryAfterForm.seconds
    /// How long an answer takes that drips.
    var drip = Duration.seconds(2)
    var probabilities: [Fault: Double] = [:]

    /// The fault of a request whose lot is `draw`, from 0 to below 1.
    func fault(_ draw: Double) -> Fault? {
        guard mode == .mix else { return nil }
        var bound = 0.0
        for fault in Fault.allCases {
            bound += probabilities[fault] ?? 0
            if draw < bound { return fault }
        }
        return nil
    }

    /// How long the answer waits.
    func latency(_ draw: Double, share: Double) -> Duration {
        guard share < latencyProbability else { return .zero }
        return latency + jitter * draw
    }

    /// Nil for anything that isn't an object of known members with values in range.
    init?(json: [UInt8], keeping latency: Duration) {
        self.latency = latency
        // Why it can't be read is of no interest: whoever sent it is told 400.
        guard let members = (try? JSONValue.parse(json))??.members else { return nil }
        for member in members {
            guard take(member.key, member.value) else { return nil }
        }
        guard probabilities.values.reduce(0, +) <= 1.000_001 else { return nil }
    }

    init(latency: Duration = .zero) { self.latency = latency }

    private mutating func take(_ key: String, _ value: JSONValue) -> Bool {
        switch key {
        case "mode": assign(value.string.flatMap(Mode.init), to: \.mode)
        case "latency_ms": assign(Self.milliseconds(value), to: \.latency)
        case "jitter_ms": assign(Self.milliseconds(value), to: \.jitter)
        case "latency_probability": assign(Self.share(value), to: \.latencyProbability)
        case "retry_after": assign(value.int.flatMap { (0...86_400).contains($0) ? $0 : nil }, to: \.retryAfterSeconds)
        case "retry_after_form": assign(value.string.flatMap(RetryAfterForm.init), to: \.retryAfterForm)
        case "drip_ms": assign(Self.milliseconds(value), to: \.drip)
        default:
            if let fault = Fault(rawValue: key), let share = Self.share(value) {
                assign(share, to: \.probabilities[fault])
            } else {
                false
            }
        }
    }

    private mutating func assign<Value>(_ value: Value?, to path: WritableKeyPath<Self, Value>) -> Bool {
        guard let value else { return false }
        self[keyPath: path] = value
        return true
    }

    private static func milliseconds(_ value: JSONValue) -> Duration? {
        value.int.flatMap { (0...600_000).contains($0) ? .milliseconds($0) : nil }
    }

    private static func count(_ duration: Duration) -> Int64 { Int64((duration / .milliseconds(1)).rounded()) }

    private static func share(_ value: JSONValue) -> Double? {
        let number: Double? =
            switch value {
            case .int(let int): Double(int)
            case .double(let double): double
            case .null, .bool, .string, .array, .object: nil
            }
        return number.flatMap { (0...1).contains($0) ? $0 : nil }
    }
}

extension FaultPlan {
    var json: JSONValue {
        var members = [
            JSONMember("mode", .string(mode.rawValue)),
            JSONMember("latency_ms", .int(Self.count(latency))),
            JSONMember("jitter_ms", .int(Self.count(jitter))),
            JSONMember("latency_probability", .double(latencyProbability)),
            JSONMember("retry_after", .int(retryAfterSeconds)),
            JSONMember("retry_after_form", .string(retryAfterForm.rawValue)),
            JSONMember("drip_ms", .int(Self.count(drip))),
        ]
        for fault in Fault.allCases { members.append(JSONMember(fault.rawValue, .double(probabilities[fault] ?? 0))) }
        return .object(members)
    }
}

/// Lots that depend on the seed and on what they are drawn for, so that a run repeats whatever its order.
struct Lots: Sendable {
    private var state: UInt64

    init(seed: UInt64, family: String, presentation: Int) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
        for byte in family.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        state = hash &+ UInt64(truncatingIfNeeded: presentation) &* 0x9e37_79b9_7f4a_7c15
    }

    /// The next lot, from 0 to below 1 (SplitMix64).
    mutating func next() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return Double((bits ^ (bits >> 31)) >> 11) / Double(1 << 53)
    }
}
