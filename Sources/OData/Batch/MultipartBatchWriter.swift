internal import HTTPTypes

/// Writes a batch as `multipart/mixed` (OData 4.01 Protocol §11.7.7; RFC 2046 §5.1), every line ended by CRLF.
struct MultipartBatchWriter {
    let boundaries: BatchBoundaries
    let version: ODataVersion
    let contentIDs: ContentIDPlacement
    private var bytes: [UInt8] = []

    init(boundaries: BatchBoundaries, version: ODataVersion, contentIDs: ContentIDPlacement) {
        (self.boundaries, self.version, self.contentIDs) = (boundaries, version, contentIDs)
    }

    mutating func write(_ batch: BatchRequest) -> [UInt8] {
        for part in batch.parts {
            line("--" + boundaries.batch)
            switch part {
            // Before 4.01 an ID outside of a change set means nothing, and some services refuse it.
            case .request(let item): write(item, id: version < .v401 ? nil : item.id)
            case .changeSet(let set): write(set)
            }
        }
        line("--" + boundaries.batch + "--")
        return bytes
    }

    private mutating func write(_ set: BatchChangeSet) {
        line("Content-Type: multipart/mixed; boundary=" + boundaries.changeSet)
        line("")
        for item in set.items {
            line("--" + boundaries.changeSet)
            write(item, id: item.id)
        }
        line("--" + boundaries.changeSet + "--")
        line("")
    }

    private mutating func write(_ item: BatchItem, id: String?) {
        line("Content-Type: application/http")
        line("Content-Transfer-Encoding: binary")
        if let id, contentIDs == .part || contentIDs == .both { line("Content-ID: " + id) }
        line("")
        line(item.method.rawValue + " " + item.url + " HTTP/1.1")
        for field in item.headers where !BatchHeaders.areCodecs(field.name) {
            line(field.name.rawName + ": " + field.value)
        }
        if let id, contentIDs == .request || contentIDs == .both { line("Content-ID: " + id) }
        if let body = item.body { line("Content-Length: " + String(body.count)) }
        line("")
        bytes.append(contentsOf: item.body ?? [])
        // This line end is the delimiter's, not the body's.
        line("")
    }

    private mutating func line(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}

/// Headers that the codec writes and reads itself.
enum BatchHeaders {
    static let contentID = "content-id"
    private static let names: Set<String> = [contentID, "content-length", "content-transfer-encoding", "host"]

    static func areCodecs(_ name: HTTPField.Name) -> Bool { names.contains(name.canonicalName) }
}
