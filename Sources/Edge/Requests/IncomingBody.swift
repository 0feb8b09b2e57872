internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Sodium
internal import StrictJSON
internal import Synchronization

/// The body of a request: not read until a handler asks, and then within a size and a time.
struct IncomingBody: Sendable {
    private let stream: RequestBody
    private let contentType: String?
    private let announcedLength: String?
    private let isChunked: Bool
    private let limits: ControlPlaneLimits
    private let isRead = Flag()

    init(of request: Request, limits: ControlPlaneLimits) {
        stream = request.body
        isChunked = request.headers[.transferEncoding] != nil
        contentType = request.headers[.contentType]
        announcedLength = request.headers[.contentLength]
        self.limits = limits
    }

    /// Whether more than a little of the body is still to come: the server would read all of it before the next request, and
    /// it may have no end.
    var isUnread: Bool {
        guard !isRead.value.load(ordering: .relaxed) else { return false }
        return isChunked || announcedLength.map { (Int($0) ?? .max) > 65_536 } ?? false
    }

    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    /// The members of a JSON object. The text lies in secret memory: a secret may come in any member by mistake.
    ///
    /// - Throws: 415, 413, 408, and `invalid_request` for what isn't strict JSON or no object.
    func object() async throws(Problem) -> ObjectReader {
        guard MediaType.is(contentType, "application/json") else { throw Problem(code: .unsupportedMediaType) }
        let bytes = try await collect(atMost: limits.maxBodyBytes)
        let document: JSONDocument
        do throws(JSONParseError) {
            document = try JSONDocument(parsing: bytes, limits: Self.jsonLimits)
        } catch {
            throw .invalid("", InvalidMember.Code(error.reason))
        }
        return try ObjectReader(document.root)
    }

    /// The bytes of a form, at most 16 KiB: nobody is authenticated yet.
    func form() async throws(Problem) -> SecretBytes {
        guard MediaType.is(contentType, "application/x-www-form-urlencoded") else {
            throw Problem(code: .unsupportedMediaType)
        }
        return try await collect(atMost: min(limits.maxBodyBytes, 16_384))
    }

    private static let jsonLimits = JSONLimits(maxDepth: 16, maxValues: 10_000, refusesNUL: true)

    private enum Collected: Sendable { case whole(SecretBytes), tooLarge, tooSlow, broken }

    private func collect(atMost limit: Int) async throws(Problem) -> SecretBytes {
        if let announcedLength, Int(announcedLength).map({ $0 > limit }) ?? true { throw Problem(code: .bodyTooLarge) }
        let collected = await Deadline.race(limits.bodyTimeout, orElse: Collected.tooSlow) { [stream] in
            await Self.drain(stream, atMost: limit)
        }
        switch collected {
        case .whole(let bytes):
            isRead.value.store(true, ordering: .relaxed)
            return bytes
        case .tooLarge: throw Problem(code: .bodyTooLarge)
        case .tooSlow: throw Problem(code: .requestTimeout)
        case .broken: throw Problem(code: .malformedRequest)
        }
    }

    private static func drain(_ stream: RequestBody, atMost limit: Int) async -> Collected {
        var buffer = SecretBuffer(minimumCapacity: 1_024)
        do {
            for try await part in stream {
                guard buffer.count + part.readableBytes <= limit else {
                    part.wipeReadableBytes()
                    return .tooLarge
                }
                unsafe part.withUnsafeReadableBytes { unsafe buffer.append($0.bytes) }
                part.wipeReadableBytes()
            }
        } catch {
            // A broken message or a client that is gone: the cause holds nothing that would help anybody.
            return Task.isCancelled ? .tooSlow : .broken
        }
        return Task.isCancelled ? .tooSlow : .whole(buffer.finish())
    }
}

extension ByteBuffer {
    /// Overwrites the readable bytes where they lie: part of a request's body, which nobody else reads again.
    ///
    /// A buffer is copied before it is written to while another holds its storage, as the connection's decoder may; a wiped
    /// copy would be of no use, so the storage itself is written. The decoder has passed these bytes and never looks back.
    fileprivate func wipeReadableBytes() {
        unsafe withUnsafeReadableBytes { bytes in
            _ = unsafe UnsafeMutableRawBufferPointer(mutating: bytes).initializeMemory(as: UInt8.self, repeating: 0)
        }
    }
}

/// The type of a body.
enum MediaType {
    /// Whether a `Content-Type` names this type, parameters aside; a charset other than UTF-8 is another type.
    static func `is`(_ header: String?, _ expected: String) -> Bool {
        guard let header else { return false }
        let parts = header.lowercased().split(separator: ";", omittingEmptySubsequences: false).map {
            String($0.filter { $0 != " " && $0 != "\t" })
        }
        return parts.first == expected
            && parts.dropFirst().allSatisfy {
                !$0.hasPrefix("charset=") || $0 == "charset=utf-8" || $0 == "charset=\"utf-8\""
            }
    }
}

extension InvalidMember.Code {
    init(_ reason: JSONParseError.Reason) {
        switch reason {
        case .tooLarge: self = .tooLong
        case .tooDeep: self = .tooDeep
        case .tooManyValues: self = .tooManyValues
        case .unexpectedEnd, .unexpectedByte, .trailingBytes, .byteOrderMark, .invalidNumber, .invalidLiteral,
            .invalidEscape, .controlCharacter:
            self = .malformedJSON
        case .invalidUTF8, .loneSurrogate: self = .invalidUTF8
        case .nulCharacter: self = .nulCharacter
        case .duplicateMember: self = .duplicateMember
        }
    }
}
