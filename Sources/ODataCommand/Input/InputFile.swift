import ArgumentParser
import Glibc
import HTTPTypes
import SystemPackage

/// Files and standard input, up to a bound.
enum InputFile {
    static let maxBytes = 256 << 20

    /// - Parameter path: `-` is standard input.
    static func bytes(_ path: String, maxBytes: Int = maxBytes) throws -> [UInt8] {
        do {
            let isInput = path == "-"
            let file = isInput ? FileDescriptor.standardInput : try FileDescriptor.open(FilePath(path), .readOnly)
            defer {
                // Nothing was written, so closing loses nothing.
                if !isInput { try? file.close() }
            }
            return try read(file, path, maxBytes)
        } catch let error as Errno {
            throw Failure("\(path): \(error.description)", code: .data)
        }
    }

    private static func read(_ file: FileDescriptor, _ path: String, _ maxBytes: Int) throws -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            if count == 0 { return content }
            content += chunk[..<count]
            guard content.count <= maxBytes else { throw Failure("\(path): more than \(maxBytes) bytes", code: .data) }
        }
    }

    /// The first line, without what surrounds it; for credentials.
    static func line(_ path: String) throws -> String {
        let text = String(decoding: try bytes(path, maxBytes: 1 << 16), as: UTF8.self)
        let line = text.split(whereSeparator: \.isNewline).first.map { String($0.trimmed) } ?? ""
        guard !line.isEmpty else { throw Failure("\(path): nothing is in it", code: .data) }
        return line
    }

    /// `Name: value` lines.
    static func headers(_ path: String) throws -> HTTPFields {
        var fields = HTTPFields()
        for line in String(decoding: try bytes(path, maxBytes: 1 << 16), as: UTF8.self).split(
            whereSeparator: \.isNewline)
        {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let name = HTTPField.Name(String(parts[0].trimmed)) else {
                // The line may hold a credential, so it isn't shown.
                throw Failure("\(path): a line is no `Name: value`", code: .data)
            }
            fields.append(HTTPField(name: name, value: String(parts[1].trimmed)))
        }
        return fields
    }
}

extension Substring {
    var trimmed: Substring {
        var text = self
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}

/// RFC 4648 §4.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for place in 0..<4 {
                text.append(
                    place <= group.count ? alphabet[Int(bits >> (18 - 6 * UInt32(place)) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
