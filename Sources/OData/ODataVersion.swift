/// The protocol version that a service speaks, as its `$metadata` says.
///
/// 4.0 and 4.01 share one wire format; 4.01 adds what is marked so (JSON batch, key-as-segment, control information without
/// the `odata.` prefix).
public enum ODataVersion: String, Sendable, Hashable, CaseIterable, Comparable, CustomStringConvertible {
    case v2 = "2.0"
    case v4 = "4.0"
    case v401 = "4.01"

    /// Version 4.0 or later.
    public var isV4: Bool { self != .v2 }

    public var description: String { rawValue }

    public static func < (left: ODataVersion, right: ODataVersion) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .v2: 2
        case .v4: 40
        case .v401: 41
        }
    }
}
