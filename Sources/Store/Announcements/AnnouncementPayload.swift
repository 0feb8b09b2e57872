import Connections
import Domain
import Postgres

/// How an announcement travels: a letter, a colon and the identifier's UUID in hexadecimal digits.
enum AnnouncementPayload {
    static let channel = "sallyport"

    /// The statement that announces when its transaction commits; none for a gap, which no one sends.
    static func notify(_ announcement: Announcement) -> Statement? {
        text(of: announcement).map { Statement("SELECT pg_notify('sallyport', $1)", [.text($0)]) }
    }

    static func text(of announcement: Announcement) -> String? {
        switch announcement {
        case .connectionChanged(let id): "c:" + id.hexadecimal
        case .integrationChanged(let id): "i:" + id.hexadecimal
        case .tenantChanged(let id): "t:" + id.hexadecimal
        case .apiKeyRevoked(let id): "k:" + id.hexadecimal
        case .gap: nil
        }
    }

    /// A payload that this version doesn't know is a gap: what it announces is not known, so nothing cached holds.
    static func announcement(_ payload: String) -> Announcement {
        let bytes = Array(payload.utf8)
        guard bytes.count == 34, bytes[1] == UInt8(ascii: ":"), let high = half(bytes[2..<18]),
            let low = half(bytes[18..<34])
        else { return .gap }
        return switch bytes[0] {
        case UInt8(ascii: "c"): .connectionChanged(ConnectionID(high: high, low: low))
        case UInt8(ascii: "i"): .integrationChanged(IntegrationID(high: high, low: low))
        case UInt8(ascii: "t"): .tenantChanged(TenantID(high: high, low: low))
        case UInt8(ascii: "k"): .apiKeyRevoked(APIKeyID(high: high, low: low))
        default: .gap
        }
    }

    private static func half(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}
