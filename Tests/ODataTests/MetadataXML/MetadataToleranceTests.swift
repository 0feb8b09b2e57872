import Testing

@testable import OData

@Suite("What is wrong with $metadata and read nevertheless")
struct MetadataToleranceTests {
    private static let document = CSDLTestDocument.v2(
        #"<EntityType Name="T"><Key><PropertyRef Name="A"/></Key></EntityType>"#)

    private static func replacing(_ text: String, with other: String) -> [UInt8] {
        Array(String(decoding: document, as: UTF8.self).split(separator: text).joined(separator: other).utf8)
    }

    private static func utf16(_ bytes: [UInt8], bigEndian: Bool, mark: Bool) -> [UInt8] {
        let units = (mark ? [0xFEFF] : []) + Array(String(decoding: bytes, as: UTF8.self).utf16)
        return units.flatMap { bigEndian ? [UInt8($0 >> 8), UInt8($0 & 0xFF)] : [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }

    @Test func `a correct document needs no tolerance`() throws {
        #expect(try CSDLTestDocument.tolerances(Self.document).isEmpty)
    }

    @Test func `pitfall 43: UTF-8 that calls itself UTF-16 is UTF-8`() throws {
        for label in ["utf-16", "UTF-16", "UTF-16LE"] {
            let labelled = Self.replacing("utf-8", with: label)
            #expect(try CSDLTestDocument.tolerances(labelled) == [.wrongEncodingDeclaration])
            #expect(try CSDLTestDocument.parts(labelled) == CSDLTestDocument.parts(Self.document))
        }
    }

    @Test func `pitfall 43: the recorded documents read alike with the wrong label`() throws {
        for sample in CSDLTestDocument.samples {
            let bytes = try CSDLTestDocument.sample(sample)
            let text = String(decoding: bytes.prefix(60), as: UTF8.self)
            let head = text.split(separator: "utf-8", maxSplits: 1).joined(separator: "utf-16")
            let labelled = Array(head.utf8) + bytes.dropFirst(60)
            #expect(try CSDLTestDocument.parts(labelled) == CSDLTestDocument.parts(bytes))
        }
    }

    @Test func `real UTF-16 is read in both byte orders, with a mark and without, whatever its label`() throws {
        let expected = try CSDLTestDocument.parts(Self.document)
        for bigEndian in [true, false] {
            for mark in [true, false] {
                let labelled = Self.utf16(Self.replacing("utf-8", with: "utf-16"), bigEndian: bigEndian, mark: mark)
                #expect(try CSDLTestDocument.tolerances(labelled) == (mark ? [.byteOrderMark] : []))
                #expect(try CSDLTestDocument.parts(labelled) == expected)
                let wrong = Self.utf16(Self.document, bigEndian: bigEndian, mark: mark)
                #expect(try CSDLTestDocument.tolerances(wrong).contains(.wrongEncodingDeclaration))
            }
        }
        let half = Self.utf16(Self.document, bigEndian: true, mark: true).dropLast()
        #expect(CSDLTestDocument.error(Array(half))?.reason == .syntax)
    }

    @Test func `ISO 8859-1 is read as what it says, and an encoding that nobody uses is refused`() throws {
        var latin = Self.replacing("utf-8", with: "iso-8859-1")
        let place = try #require(latin.lastRange(of: "\"A\""))
        latin[place.lowerBound + 1] = 0xE9
        let key = try CSDLTestDocument.parts(latin).structuredTypes[QualifiedName("ns", "T")]?.key
        #expect(key == [KeyProperty("é")])
        #expect(CSDLTestDocument.error(Self.replacing("utf-8", with: "ebcdic-us"))?.reason == .unknownFormat)
    }

    @Test func `a byte order mark is skipped, in XML and in JSON`() throws {
        #expect(try CSDLTestDocument.tolerances([0xEF, 0xBB, 0xBF] + Self.document) == [.byteOrderMark])
        var reader = MetadataReader()
        for byte in [0xEF, 0xBB, 0xBF] + Array(#"{"$Version":"4.01"}"#.utf8) { try reader.append([byte]) }
        _ = try? reader.finish()
        #expect(reader.tolerances == [.byteOrderMark])
    }

    @Test func `pitfall 42: prefixes that nobody declared are what they always are`() throws {
        let document = Array(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <edmx:Edmx Version="1.0"><edmx:DataServices m:DataServiceVersion="2.0">
            <Schema Namespace="ns" xmlns="http://schemas.microsoft.com/ado/2008/09/edm" sap:schema-version="1">
            <EntityType Name="T" m:HasStream="true" sap:label="Label"><Property Name="P" Type="Edm.String" sap:text="Q"/>
            </EntityType><EntityContainer Name="C" m:IsDefaultEntityContainer="true">
            <FunctionImport Name="F" m:HttpMethod="POST"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>
            """.utf8)
        #expect(try CSDLTestDocument.tolerances(document) == [.undeclaredPrefix])
        let parts = try CSDLTestDocument.parts(document)
        let type = try #require(parts.structuredTypes[QualifiedName("ns", "T")])
        #expect(type.hasStream && type.sap["label"] == "Label" && type.properties[0].sap["text"] == "Q")
        #expect(parts.container.operationImports.first?.httpMethod == "POST")
        #expect(parts.schemas[0].sap["schema-version"] == "1")
    }

    @Test func `another undeclared prefix stays foreign, and no namespace at all is an error`() throws {
        let foreign = CSDLTestDocument.v2(#"<zap:EntityType Name="T"/><EntityType Name="U" zap:label="x"/>"#)
        #expect(try CSDLTestDocument.tolerances(foreign) == [.foreignElement])
        let parts = try CSDLTestDocument.parts(foreign)
        #expect(parts.structuredTypes.keys.map(\.name) == ["U"])
        #expect(parts.structuredTypes.values.first?.sap.values.isEmpty == true)
        let bare = CSDLTestDocument.v2(#"<EntityType xmlns="" Name="T"/>"#)
        #expect(CSDLTestDocument.error(bare)?.reason == .invalid(element: "EntityType", attribute: nil))
    }

    @Test(arguments: ["", #" m:DataServiceVersion="1.0""#, #" m:DataServiceVersion="3.0""#])
    func `pitfall 42: a missing or other data service version is version 2`(attribute: String) throws {
        let document = CSDLTestDocument.v2(#"<EntityType Name="T"/>"#, dataServices: attribute)
        #expect(try CSDLTestDocument.tolerances(document) == [.dataServiceVersion])
        #expect(try CSDLTestDocument.parts(document).version == .v2)
    }

    @Test func `a primitive type without its namespace is the one of that name`() throws {
        let document = CSDLTestDocument.v2(
            #"<ComplexType Name="T"><Property Name="A" Type="String"/><Property Name="B" Type="Collection(Int32)"/></ComplexType>"#
        )
        #expect(try CSDLTestDocument.tolerances(document) == [.unqualifiedPrimitiveType])
        let type = try CSDLTestDocument.parts(document).structuredTypes[QualifiedName("ns", "T")]
        #expect(type?.properties.map(\.type.base) == [.primitive(.string), .primitive(.int32)])
    }

    @Test func `a name of no known namespace is kept as it is`() throws {
        let document = CSDLTestDocument.v4(#"<EntityType Name="T"><Annotation Term="UI.LineItem"/></EntityType>"#)
        #expect(try CSDLTestDocument.tolerances(document) == [.undeclaredAlias])
        let annotation = try CSDLTestDocument.parts(document).structuredTypes[QualifiedName("ns", "T")]?.annotations
            .first
        #expect(annotation?.term == QualifiedName("UI", "LineItem"))
    }

    @Test func `links and unknown elements are skipped with all that they hold`() throws {
        let document = CSDLTestDocument.v2(
            """
            <atom:link rel="self" href="x" xmlns:atom="http://www.w3.org/2005/Atom"><EntityType Name="No"/></atom:link>
            <Future><EntityType Name="No"/></Future><Property Name="Lost" Type="Edm.Byte"/><EntityType Name="T"/>
            """)
        #expect(try CSDLTestDocument.tolerances(document) == [.foreignElement, .misplacedElement])
        #expect(try CSDLTestDocument.parts(document).structuredTypes.keys.map(\.name) == ["T"])
    }

    @Test func `there are eight tolerances, each of them met by a test above`() {
        #expect(MetadataTolerance.allCases.count == 8)
    }

    @Test func `pitfall 46: what was read is given away while the document still comes`() throws {
        var reader = MetadataReader()
        let document = CSDLTestDocument.v4(
            #"<EntityType Name="A"/><EntityType Name="A"/>"# + String(repeating: " ", count: 40_000))
        var refused = 0
        for start in stride(from: 0, to: document.count, by: 1_000) where refused == 0 {
            do throws(MetadataError) {
                try reader.append(Array(document[start..<min(start + 1_000, document.count)]))
            } catch {
                refused = start
            }
        }
        // The error at the beginning is known long before the end.
        #expect(refused > 0 && refused < 20_000)
    }
}

extension [UInt8] {
    fileprivate func lastRange(of text: String) -> Range<Int>? {
        let bytes = Array(text.utf8)
        let start = indices.last { $0 + bytes.count <= count && Array(self[$0..<$0 + bytes.count]) == bytes }
        return start.map { $0..<$0 + bytes.count }
    }
}
