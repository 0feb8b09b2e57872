import OData

/// Reads bytes as a tree, as an entity, a page and a value, with and without types, in both versions, whole and in two
/// pieces. What reads must print and read as the same; pieces must make the same page as the whole.
func fuzzJSON(_ bytes: [UInt8]) {
    if let tree = try? JSONNode(parsing: bytes) {
        precondition((try? JSONNode(parsing: tree.serialized())) == tree, "a tree changes by being printed")
    }
    let limits = PayloadLimits(maxBodyBytes: 1 << 20, maxEntityBytes: 1 << 20, maxDepth: 32)
    for (version, metadata) in [(ODataVersion.v2, sample2), (.v4, sample4)] {
        for metadata in [metadata, nil] {
            let decoder = EntityDecoder(
                metadata: metadata, type: metadata.map { _ in QualifiedName("S", "P") }, version: version,
                limits: limits)
            fuzzDecoder(decoder, bytes)
        }
    }
}

private func fuzzDecoder(_ decoder: EntityDecoder, _ bytes: [UInt8]) {
    let whole = try? decoder.collection(bytes)
    precondition(whole == fuzzFeed(decoder, bytes), "pieces make another page than the whole")
    _ = try? decoder.value(bytes, of: nil)
    _ = try? decoder.value(bytes, of: TypeReference(.primitive(.decimal), isCollection: true))
    _ = try? decoder.serviceDocument(bytes)
    let lenient = EntityDecoder(
        metadata: decoder.metadata, type: decoder.type, version: decoder.version, limits: decoder.limits, lenient: true)
    guard let entity = try? decoder.entity(bytes) else {
        _ = try? lenient.entity(bytes)
        return
    }
    precondition((try? lenient.entity(bytes)) == entity, "a lenient decoder reads another entity")
    precondition((try? decoder.entity(bytes)) == entity, "a decoder reads another entity the second time")
    let encoder = EntityEncoder(metadata: decoder.metadata, version: decoder.version, declaredType: decoder.type)
    guard let written = try? encoder.entity(entity) else { return }
    precondition((try? JSONNode(parsing: written, maxDepth: 512)) != nil, "what is written is no JSON")
}

/// The first byte says where the pieces part.
private func fuzzFeed(_ decoder: EntityDecoder, _ bytes: [UInt8]) -> EntityCollection? {
    var reader = FeedReader(decoder: decoder)
    let middle = bytes.isEmpty ? 0 : Int(bytes[0]) * 31 % bytes.count
    var entities: [Entity] = []
    do {
        for piece in [bytes[..<middle], bytes[middle...]] {
            try reader.append(Array(piece))
            while let entity = try reader.next() { entities.append(entity) }
        }
        try reader.finish()
    } catch {
        return nil
    }
    var page = reader.page
    page.entities = entities
    return page
}

private let sample2 = sample(
    """
    <edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices
    m:DataServiceVersion="2.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><Schema Namespace="S"
    xmlns="http://schemas.microsoft.com/ado/2008/09/edm"><EntityType Name="P"><Key><PropertyRef Name="a"/></Key>
    <Property Name="a" Type="Edm.String" Nullable="false"/><Property Name="b" Type="Edm.Decimal"/>
    <Property Name="c" Type="Edm.DateTime"/><Property Name="d" Type="Edm.Int64"/><Property Name="e" Type="S.C"/>
    <NavigationProperty Name="n" Relationship="S.R" FromRole="f" ToRole="t"/></EntityType>
    <ComplexType Name="C"><Property Name="a" Type="Edm.Boolean"/></ComplexType><Association Name="R"><End Type="S.P"
    Multiplicity="1" Role="f"/><End Type="S.P" Multiplicity="*" Role="t"/></Association><EntityContainer Name="E">
    <EntitySet Name="Ps" EntityType="S.P"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>
    """)

private let sample4 = sample(
    """
    <edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="S"
    xmlns="http://docs.oasis-open.org/odata/ns/edm"><EntityType Name="P" OpenType="true"><Key><PropertyRef Name="a"/></Key>
    <Property Name="a" Type="Edm.String" Nullable="false"/><Property Name="b" Type="Edm.Decimal" Scale="variable"/>
    <Property Name="c" Type="Edm.DateTimeOffset"/><Property Name="d" Type="Collection(Edm.Int64)"/>
    <Property Name="e" Type="S.C"/><Property Name="f" Type="S.N"/><Property Name="g" Type="Edm.GeographyPoint"/>
    <Property Name="h" Type="Edm.Stream"/><NavigationProperty Name="n" Type="Collection(S.P)"/>
    <NavigationProperty Name="m" Type="S.P"/></EntityType><ComplexType Name="C"><Property Name="a" Type="Edm.Boolean"/>
    </ComplexType><EnumType Name="N"><Member Name="x" Value="1"/></EnumType><EntityContainer Name="E"><EntitySet Name="Ps"
    EntityType="S.P"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>
    """)

private func sample(_ text: String) -> Metadata {
    do {
        return try Metadata(xml: Array(text.utf8))
    } catch {
        preconditionFailure("the target's own metadata doesn't read")
    }
}
