// What a service says may hold business data: printing an error shows statuses, codes and names, not texts.

extension ODataError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        switch self {
        case .transport(let error): "transport(\(error))"
        case .service(let error): "service(\(error))"
        case .conflict(let reason, let error): "conflict(\(reason), \(error))"
        case .authentication(let failure, let error):
            "authentication(\(failure)" + (error.map { ", \($0)" } ?? "") + ")"
        case .malformed(let error): "malformed(\(error.reason)" + (error.offset.map { " at \($0)" } ?? "") + ")"
        case .metadata(let error): "metadata(\(error.reason), line \(error.line), column \(error.column))"
        case .query(let error): "query(\(error))"
        case .value(let error): "value(\(error))"
        case .limit(let limit): "limit(\(limit))"
        case .foreignLink: "foreignLink"
        case .pageLoop: "pageLoop"
        case .expiredLink(let error): "expiredLink(\(error))"
        case .deadline: "deadline"
        case .cancelled: "cancelled"
        case .unsupported(let feature): "unsupported(\(feature))"
        }
    }

    public var debugDescription: String { description }
}

extension ServiceError: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        let shown = code.flatMap(Self.shown)
        let parts = ["HTTP \(status)", shown, details.isEmpty ? nil : "\(details.count) details"]
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["status": status]) }

    /// A code that looks like one: a service that puts a sentence there isn't quoted.
    static func shown(_ code: String) -> String? {
        let isCode =
            code.utf8.count <= 64
            && code.utf8.allSatisfy {
                (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\"")
            }
        return isCode ? code : nil
    }
}

extension ServiceMessage: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        [severity.word, code.flatMap(ServiceError.shown)].compactMap(\.self).joined(separator: " ")
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["severity": severity.word]) }
}
