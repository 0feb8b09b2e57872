/// The methods that a request line can name; those outside the allow-list are told apart only to be refused.
enum HTTPMethod: UInt8, Sendable, CaseIterable {
    case get, head, post, put, patch, delete, options, merge
    /// Any other token: TRACE, TRACK, CONNECT among them.
    case other

    /// Upper case, as on the wire; empty for `other`.
    var text: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .merge: "MERGE"
        case .other: ""
        }
    }

    var wire: StaticString {
        switch self {
        case .get: "GET "
        case .head: "HEAD "
        case .post: "POST "
        case .put: "PUT "
        case .patch: "PATCH "
        case .delete: "DELETE "
        case .options: "OPTIONS "
        case .merge: "MERGE "
        case .other: ""
        }
    }

    /// Repeating it has the effect of sending it once (RFC 9110 §9.2.2).
    var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options: true
        case .post, .patch, .merge, .other: false
        }
    }

    /// Whether it changes something, in the sense in which an anti-forgery token is asked for.
    var isModifying: Bool {
        switch self {
        case .get, .head, .options, .other: false
        case .post, .put, .patch, .delete, .merge: true
        }
    }

    /// Method names are case-sensitive (RFC 9110 §9.1).
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var word: UInt64 = 0
        guard range.count <= 7 else {
            self = .other
            return
        }
        for index in range { word = word << 8 | UInt64(bytes[index]) }
        switch word {
        case 0x47_4554: self = .get
        case 0x4845_4144: self = .head
        case 0x504F_5354: self = .post
        case 0x50_5554: self = .put
        case 0x50_4154_4348: self = .patch
        case 0x4445_4C45_5445: self = .delete
        case 0x4F_5054_494F_4E53: self = .options
        case 0x4D_4552_4745: self = .merge
        default: self = .other
        }
    }
}
