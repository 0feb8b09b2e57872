extension PayloadParser {
    /// Control information of an object.
    mutating func take(
        _ control: ObjectControl, _ object: inout OpenObject, before: Int, _ text: Span<UInt8>
    ) throws(PayloadError) {
        let node = try reader.node(text)
        object.hasDetails = object.hasDetails || control != .type
        switch control {
        case .context: takeContext(node.text, &object)
        case .id: object.details.id = node.text
        case .editLink: object.details.editLink = node.text
        case .readLink: object.details.readLink = node.text
        case .etag: object.details.etag = node.text.map { ETag($0) }
        case .type: take(type: node.text, &object, before: before)
        case .removed:
            object.removal = ParsedObject.Removal(reason: node["reason"]?.text.flatMap(RemovedEntity.Reason.init))
        case .mediaReadLink: object.withMedia { $0.readURL = node.text }
        case .mediaEditLink: object.withMedia { $0.editURL = node.text }
        case .mediaContentType: object.withMedia { $0.mediaType = node.text }
        case .mediaEtag: object.withMedia { $0.etag = node.text.map { ETag($0) } }
        }
    }

    private func takeContext(_ context: String?, _ object: inout OpenObject) {
        object.details.context = context
        // What marks a deleted entity or a link has members of its own, which are not the type's.
        if DeltaMark(context: context) != nil { object.type = 0 }
    }

    /// The type that the payload names: it decides about the members that follow, and about scalars that came before.
    private mutating func take(type text: String?, _ object: inout OpenObject, before: Int) {
        guard let text else { return }
        if let number = types.structured(text) {
            if number != object.type, !object.values.isEmpty { object.membersBeforeType = before }
            object.type = number
        } else if types.names[Int(object.type)] == nil {
            object.details.type = QualifiedName(text.drop { $0 == "#" })
            object.hasDetails = true
        }
    }

    /// `__metadata` of version 2.
    mutating func takeMetadata(
        _ object: inout OpenObject, before: Int, _ text: Span<UInt8>
    ) throws(PayloadError) {
        guard try reader.kind(text) == .object else { throw reader.failure(.unexpectedShape) }
        guard try reader.open(UInt8(ascii: "{"), text) else { return }
        var media = StreamReference()
        var id: String?
        repeat {
            let name = try reader.name(text)
            switch Version2Metadata(name, text) {
            case .uri: object.details.id = try optionalString(text)
            case .id: id = try optionalString(text)
            case .etag: object.details.etag = try optionalString(text).map { ETag($0) }
            case .type: take(type: try optionalString(text), &object, before: before)
            case .mediaSource: media.readURL = try optionalString(text)
            case .editMedia: media.editURL = try optionalString(text)
            case .contentType: media.mediaType = try optionalString(text)
            case .mediaETag: media.etag = try optionalString(text).map { ETag($0) }
            case .operations: object.details.operations += AdvertisedOperation.version2(try reader.node(text))
            // In a delta: an entity that is gone, of which nothing else is said.
            case .deleted where try reader.kind(text) == .boolean:
                if try reader.boolean(text) { object.removal = ParsedObject.Removal(reason: .deleted) }
            case .deleted, nil: try reader.skip(text)
            }
        } while try reader.next(in: UInt8(ascii: "{"), text)
        object.details.id = object.details.id ?? id
        if media != StreamReference() { object.details.media = media }
        object.hasDetails = true
    }

    /// A string; nil for everything else, which is of no use where a link should be.
    private mutating func optionalString(_ text: Span<UInt8>) throws(PayloadError) -> String? {
        guard try reader.kind(text) == .string else {
            try reader.skip(text)
            return nil
        }
        return try JSONText.string(try reader.string(text), text)
    }
}

/// Members of `__metadata`.
private enum Version2Metadata {
    case uri, id, etag, type, mediaSource, editMedia, contentType, mediaETag, operations, deleted

    init?(_ name: JSONReader.StringRange, _ text: Span<UInt8>) {
        func isName(_ candidate: StaticString) -> Bool {
            guard candidate.utf8CodeUnitCount == name.end - name.start else { return false }
            var offset = name.start
            for byte in candidate.description.utf8 {
                guard text[offset] == byte else { return false }
                offset += 1
            }
            return true
        }
        let known: [(StaticString, Version2Metadata)] = [
            ("uri", .uri), ("id", .id), ("etag", .etag), ("type", .type), ("media_src", .mediaSource),
            ("edit_media", .editMedia), ("content_type", .contentType), ("media_etag", .mediaETag),
            ("actions", .operations), ("functions", .operations), ("deleted", .deleted),
        ]
        guard let match = known.first(where: { isName($0.0) }) else { return nil }
        self = match.1
    }
}

// MARK: Control information of properties

extension PayloadParser {
    /// Gives control information of properties its place: in the value, in a value of its own, or in the annotations.
    mutating func apply(_ shape: MemberShape, _ object: inout OpenObject) throws(PayloadError) {
        var places: [Int32: Int] = [:]
        for member in shape.members where names.meanings[Int(member)] == .property { places[member] = places.count }
        var implied: [Int32: ImpliedValue] = [:]
        for entry in object.controls {
            if let place = places[entry.subject] {
                if object.values[place]?.takes(entry.control) == true {
                    try object.values[place]?.take(entry.control, entry.value)
                    continue
                }
                let name = names.names[Int(entry.subject)] + "@odata." + entry.control.rawValue
                object.details.annotations[name] = entry.value
                object.hasDetails = true
            } else {
                try implied[entry.subject, default: ImpliedValue()].take(entry.control, entry.value)
            }
        }
        for subject in shape.implied { object.values.append(implied[subject]?.value ?? .deferred(DeferredLink())) }
    }
}

/// A property that a payload speaks of without giving its value.
private struct ImpliedValue {
    private var link: String?
    private var stream: StreamReference?
    private var collection: EntityCollection.Details?

    mutating func take(_ control: PropertyControl, _ value: JSONNode) throws(PayloadError) {
        switch control {
        case .type: break
        case .navigationLink: link = value.text
        case .count: collection = collection ?? .init(); collection?.count = try EntityCollection.Details.count(value)
        case .nextLink:
            collection = collection ?? .init();
            collection?.nextLink = try EntityCollection.Details.link(value, "nextLink")
        case .deltaLink:
            collection = collection ?? .init();
            collection?.deltaLink = try EntityCollection.Details.link(value, "deltaLink")
        case .mediaReadLink, .mediaEditLink, .mediaContentType, .mediaEtag:
            var reference = stream ?? StreamReference()
            reference.take(control, value)
            stream = reference
        }
    }

    var value: ODataValue {
        if let stream { return .stream(stream) }
        if let collection { return .entities(EntityCollection([], collection)) }
        return .deferred(DeferredLink(url: link))
    }
}

extension OpenObject {
    mutating func withMedia(_ change: (inout StreamReference) -> Void) {
        var media = details.media ?? StreamReference()
        change(&media)
        details.media = media
    }
}

extension ODataValue {
    /// Whether the value has a place for control information; else it is an annotation.
    fileprivate func takes(_ control: PropertyControl) -> Bool {
        guard control == .count || control == .nextLink || control == .deltaLink else { return false }
        switch self {
        case .entities: return true
        // What was guessed to be complex values is a part of a collection of entities, as only those have pages.
        case .collection(let elements):
            return elements.allSatisfy { if case .complex = $0 { true } else { false } }
        default: return false
        }
    }

    fileprivate mutating func take(_ control: PropertyControl, _ value: JSONNode) throws(PayloadError) {
        var collection = asEntities
        switch control {
        case .count: collection.count = try EntityCollection.Details.count(value)
        case .nextLink: collection.nextLink = try EntityCollection.Details.link(value, "nextLink")
        case .deltaLink: collection.deltaLink = try EntityCollection.Details.link(value, "deltaLink")
        case .type, .navigationLink, .mediaReadLink, .mediaEditLink, .mediaContentType, .mediaEtag: break
        }
        self = .entities(collection)
    }

    private var asEntities: EntityCollection {
        switch self {
        case .entities(let collection): return collection
        case .collection(let elements):
            return EntityCollection(
                elements.compactMap {
                    guard case .complex(let value) = $0 else { return nil }
                    var entity = Entity(of: value.type, value.properties)
                    if !value.annotations.isEmpty { entity.annotations = value.annotations }
                    return entity
                })
        default: return EntityCollection()
        }
    }
}

extension StreamReference {
    fileprivate mutating func take(_ control: PropertyControl, _ value: JSONNode) {
        switch control {
        case .mediaReadLink: readURL = value.text
        case .mediaEditLink: editURL = value.text
        case .mediaContentType: mediaType = value.text
        case .mediaEtag: etag = value.text.map { ETag($0) }
        case .type, .navigationLink, .count, .nextLink, .deltaLink: break
        }
    }

    /// `{"__mediaresource":{"media_src":…}}`.
    init?(version2 node: JSONNode) {
        guard let links = node["__mediaresource"] else { return nil }
        self.init(
            readURL: links["media_src"]?.text, editURL: links["edit_media"]?.text,
            mediaType: links["content_type"]?.text, etag: links["media_etag"]?.text.map { ETag($0) })
    }
}

extension AdvertisedOperation {
    /// `{"http://…/$metadata#Container.Name":[{"title":…,"target":…}]}`.
    static func version2(_ node: JSONNode) -> [AdvertisedOperation] {
        (node.members ?? []).flatMap { member in
            all(member.name.split(separator: "#").last ?? "", member.value)
        }
    }
}
