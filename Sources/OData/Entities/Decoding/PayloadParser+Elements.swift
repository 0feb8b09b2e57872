/// What an element of a feed is.
enum FeedElement {
    case entity(Entity)
    case removed(RemovedEntity)
    case link(LinkChange)
}

/// What the context of an element of a delta says that it is (OData JSON Format 4.0 §15.3, §15.4).
enum DeltaMark {
    case deletedEntity, link, deletedLink

    init?(context: String?) {
        guard let context, let slash = context.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        switch context[slash...] {
        case "/$deletedEntity": self = .deletedEntity
        case "/$link": self = .link
        case "/$deletedLink": self = .deletedLink
        default: return nil
        }
    }
}

extension PayloadParser {
    /// An element of a feed: an entity, or a mark that one or a link is gone.
    mutating func element(_ type: Int32, _ text: Span<UInt8>) throws(PayloadError) -> FeedElement {
        let object = try object(type, text)
        guard object.hasDetails else { return .entity(entity(object)) }
        if let removal = object.removal { return .removed(removed(object, removal.reason)) }
        switch DeltaMark(context: object.details.context) {
        case nil: return .entity(entity(object))
        case .deletedEntity:
            let reason = object.properties["reason"]?.plainString.flatMap(RemovedEntity.Reason.init)
            return .removed(removed(object, reason))
        case .link: return .link(try linkChange(object, isDeleted: false))
        case .deletedLink: return .link(try linkChange(object, isDeleted: true))
        }
    }

    private func removed(_ object: ParsedObject, _ reason: RemovedEntity.Reason?) -> RemovedEntity {
        var key = object.properties
        var id = object.details.id
        if DeltaMark(context: object.details.context) != nil {
            id = id ?? key["id"]?.plainString
            for name in ["id", "reason", "when"] { key[name] = nil }
        }
        return RemovedEntity(id: id, key: key, reason: reason)
    }

    private func linkChange(_ object: ParsedObject, isDeleted: Bool) throws(PayloadError) -> LinkChange {
        guard let source = object.properties["source"]?.plainString,
            let relationship = object.properties["relationship"]?.plainString,
            let target = object.properties["target"]?.plainString
        else { throw reader.failure(.unexpectedShape) }
        return LinkChange(isDeleted: isDeleted, source: source, relationship: relationship, target: target)
    }

    mutating func entity(_ object: ParsedObject) -> Entity {
        guard object.hasDetails else { return Entity(object.properties, plainDetails(of: object.type)) }
        var details = object.details
        details.type = types.names[Int(object.type)] ?? details.type
        details.isReceived = true
        return Entity(object.properties, Shared(details))
    }

    private mutating func plainDetails(of type: Int32) -> Shared<EntityDetails> {
        let name = types.names[Int(type)]
        return withExperience(of: type) { experience in
            if let known = experience.plainDetails { return known }
            let details = Shared(EntityDetails(type: name, isReceived: true))
            experience.plainDetails = details
            return details
        }
    }
}

extension ODataValue {
    var plainString: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
