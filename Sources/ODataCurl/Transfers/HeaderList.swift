internal import CCurl

/// Header lines in libcurl's list.
// Safe: the list has one owner, and its pointer is lent only while that owner lives.
@safe
final class HeaderList {
    private(set) var head: UnsafeMutablePointer<curl_slist>?

    deinit { unsafe curl_slist_free_all(head) }

    /// An empty value needs libcurl's own notation, or it would remove the field. False without memory.
    func append(_ name: String, _ value: String) -> Bool { append(value.isEmpty ? name + ";" : name + ": " + value) }

    /// Keeps libcurl from writing a field of its own.
    func suppress(_ name: String) -> Bool { append(name + ":") }

    private func append(_ line: String) -> Bool {
        guard let longer = unsafe line.withCString({ unsafe curl_slist_append(head, $0) }) else { return false }
        unsafe head = longer
        return true
    }
}
