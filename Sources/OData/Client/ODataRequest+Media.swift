import HTTPTypes

/// The bytes of a media resource, as they arrive.
public struct MediaContent: Sendable {
    /// Read once, by one task; cancel it if the rest is not wanted.
    public let body: ResponseBody
    /// As the service says, parameters included.
    public let mediaType: String?
    /// In bytes, if the service says.
    public let length: Int?
    /// Of the content, which isn't the entity's.
    public let etag: ETag?

    /// All of it.
    /// - Throws: `.limit(.bodyBytes)` if there is more.
    public func collect(maxBytes: Int) async throws(ODataError) -> [UInt8] {
        if let length, length > maxBytes {
            body.cancel()
            throw .limit(.bodyBytes(maxBytes))
        }
        return try await body.collect(maxBytes: maxBytes)
    }
}

extension ODataRequest where Value == MediaContent {
    /// The media resource of an entity (`…/$value`), a named stream (`…/Photo`), or a property as text (`…/Name/$value`).
    ///
    /// - Parameter query: as the URL has it; `rawValue()` appends `$value`.
    public static func content(_ query: Query) -> ODataRequest<MediaContent> {
        ODataRequest { (context) throws(ODataError) in
            var request = PreparedRequest(.get, try context.encoded(query))
            request.accept = .any
            return request
        } interpret: { (reply, _) async throws(ODataError) -> Answer<MediaContent> in
            reply.content
        }
    }

    /// What a stream property or an entity's media link says where to read.
    ///
    /// - Throws: `.unsupported(.notAMediaEntity)` without a link, `.foreignLink` for one out of the service.
    public static func content(of stream: StreamReference) -> ODataRequest<MediaContent> {
        ODataRequest { (context) throws(ODataError) in
            guard let link = stream.readURL ?? stream.editURL else { throw .unsupported(.notAMediaEntity) }
            var request = PreparedRequest(.get, try context.root.resolve(link: link, from: context.root.url))
            request.accept = .any
            return request
        } interpret: { (reply, _) async throws(ODataError) -> Answer<MediaContent> in
            reply.content
        }
    }
}

extension ODataRequest where Value == Entity {
    /// Creates a media entity from its content (`POST` of the bytes to the set); its properties are set by an update after.
    ///
    /// - Parameter slug: a name for it, which services take for the key or a title (RFC 5023 §9.7); encoded here.
    public static func createMedia(
        _ bytes: [UInt8], mediaType: String, slug: String? = nil, in query: Query
    ) -> ODataRequest<Entity> {
        ODataRequest { (context) throws(ODataError) in
            var request = PreparedRequest(.post, try context.encoded(query), body: bytes)
            request.headers[.contentType] = mediaType
            if let slug { request.headers[.slug] = Slug.encoded(slug) }
            return request
        } interpret: { (reply, context) async throws(ODataError) -> Answer<Entity> in
            if let created = try await reply.entity(context.entityType(of: query), context) {
                return Answer(created, reply, messages: context.messages(of: created))
            }
            var created = Entity(of: context.entityType(of: query))
            created.id = reply.entityID
            created.etag = reply.etag
            return Answer(created, reply)
        }
    }
}

extension ODataRequest where Value == ETag? {
    /// Replaces a media resource (`…/$value`), a named stream or a property's raw value; the value is the new tag, if the
    /// service says it.
    ///
    /// - Parameter precondition: of the media resource's own tag (`StreamReference.etag`), which isn't the entity's.
    public static func replaceContent(
        _ query: Query, with bytes: [UInt8], mediaType: String, if precondition: Precondition = .none
    ) -> ODataRequest<ETag?> {
        ODataRequest { (context) throws(ODataError) in
            var request = PreparedRequest(.put, try context.encoded(query), body: bytes)
            request.headers[.contentType] = mediaType
            request.require(precondition, etag: nil)
            return request
        } interpret: { (reply, _) async throws(ODataError) -> Answer<ETag?> in
            await reply.body.discard()
            return Answer(reply.etag, reply)
        }
    }
}

extension Reply {
    fileprivate var content: Answer<MediaContent> {
        let content = MediaContent(
            body: body, mediaType: headers[.contentType], length: headers[.contentLength].flatMap { Int($0) },
            etag: etag)
        return Answer(content, self)
    }
}

/// The `Slug` header: octets outside of visible ASCII, and `%` itself, percent-encoded (RFC 5023 §9.7.1).
private enum Slug {
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { encoded, byte in
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += "%" + String(digits[Int(byte >> 4)]) + String(digits[Int(byte & 15)])
            }
        }
    }
}
