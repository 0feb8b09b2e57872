internal import Domain
internal import Glibc

/// `getaddrinfo(3)`, whose raw results stay in here.
enum AddressLookup {
    private static let maxAddresses = 16

    /// Every address of the name, in the resolver's order; empty where it has none. Blocks.
    static func addresses(of host: String) -> [IPAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var found: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next, found.count < maxAddresses {
            if let address = unsafe address(entry.pointee), !found.contains(address) { found.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        return found
    }

    /// The address lies behind family and port (and, in version 6, the flow label); all in network order.
    @unsafe
    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let raw = unsafe entry.ai_addr else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(start: raw, count: Int(entry.ai_addrlen))
        switch unsafe entry.ai_family {
        case AF_INET where bytes.count >= 8: return unsafe IPAddress(bytes: Array(bytes[4..<8]))
        case AF_INET6 where bytes.count >= 24: return unsafe IPAddress(bytes: Array(bytes[8..<24]))
        case _: return nil
        }
    }
}
