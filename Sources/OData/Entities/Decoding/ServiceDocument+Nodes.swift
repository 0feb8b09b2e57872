extension ServiceDocument {
    /// `{"d":{"EntitySets":["A_BusinessPartner"]}}`.
    init?(version2 root: JSONNode) {
        guard let sets = (root["d"] ?? root)["EntitySets"]?.elements else { return nil }
        self.init(sets.compactMap { $0.text.map { Element(name: $0, url: $0) } })
    }

    /// `{"value":[{"name":…,"kind":…,"url":…}]}` (OData JSON Format 4.01 §5).
    init?(version4 root: JSONNode) {
        guard let values = root["value"]?.elements else { return nil }
        self.init(
            values.compactMap { value in
                guard let name = value["name"]?.text else { return nil }
                return Element(
                    name: name, kind: value["kind"]?.text ?? "EntitySet", url: value["url"]?.text ?? name,
                    title: value["title"]?.text)
            })
    }
}
