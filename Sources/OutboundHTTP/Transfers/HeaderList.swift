internal import CCurl
internal import Domain
internal import Sodium

/// Header lines in libcurl's list; they are wiped before the list is freed, by its allocator too.
// Safe: the list has one owner, and its pointer is lent only while that owner lives.
@safe
final class HeaderList {
    private(set) var head: UnsafeMutablePointer<curl_slist>?

    deinit {
        var node = unsafe head
        while let current = unsafe node {
            if let text = unsafe current.pointee.data { unsafe explicit_bzero(text, strlen(text)) }
            unsafe node = current.pointee.next
        }
        unsafe curl_slist_free_all(head)
    }

    /// Appends a checked header. An empty value needs libcurl's own notation, or it would remove the header.
    func append(_ name: String, _ value: OutboundRequest.HeaderValue) throws(OutboundError) {
        var line = SecretBuffer(minimumCapacity: 256)
        line.append(utf8: name)
        switch value {
        case .plain(let text):
            line.append(utf8: text.isEmpty ? ";" : ": ")
            line.append(utf8: text)
        case .secret(let secret):
            line.append(utf8: secret.count == 0 ? ";" : ": ")
            line.append(secret)
        }
        try append(line)
    }

    /// Keeps libcurl from writing a header of its own.
    func suppress(_ name: String) throws(OutboundError) {
        var line = SecretBuffer(minimumCapacity: 64)
        line.append(utf8: name)
        line.append(utf8: ":")
        try append(line)
    }

    private func append(_ line: consuming SecretBuffer) throws(OutboundError) {
        line.append(0 as UInt8)
        let longer = unsafe line.finish().withUnsafeBytes { bytes in
            unsafe curl_slist_append(head, bytes.bindMemory(to: CChar.self).baseAddress)
        }
        guard let longer = unsafe longer else { throw .overloaded }
        unsafe head = longer
    }
}
