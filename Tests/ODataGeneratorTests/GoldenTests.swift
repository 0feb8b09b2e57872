import Foundation
import ODataGenerator
import Testing

@testable import OData

@Suite("What the generator prints is what these tests are compiled with")
struct GoldenTests {
    /// Writes the files anew when `ODATA_GENERATOR_RECORD` is set; look at the difference before it is kept.
    private static let isRecording = ProcessInfo.processInfo.environment["ODATA_GENERATOR_RECORD"] != nil

    @Test(arguments: [
        ("v2/API_CUSTOMER_MATERIAL_SRV.edmx", "CustomerMaterial"),
        ("v4/ENTPROJECTPROCESSINGSTATUS_0001.edmx", "ProjectProcessingStatus"),
    ])
    func `byte for byte`(_ document: String, _ service: String) throws {
        let options = GeneratorOptions(serviceName: service)
        let files = try Generator(metadata: try GeneratorSamples.metadata(document), options: options).files()
        try Self.compare(files, folder: service)
    }

    @Test func `byte for byte: enumerations, complex types, functions and actions`() throws {
        let metadata = try Metadata(xml: Array(goldenDocument.utf8))
        var options = GeneratorOptions(serviceName: "Warehouse")
        options.accessLevel = .internal
        options.typePrefix = "WM"
        try Self.compare(try Generator(metadata: metadata, options: options).files(), folder: "Warehouse")
    }

    private static func compare(_ files: [GeneratedFile], folder name: String) throws {
        let folder = GeneratorSamples.folder.appending(path: "Golden/" + name)
        if isRecording {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for file in files { try Data(file.text.utf8).write(to: folder.appending(path: file.name)) }
        }
        let recorded = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
        #expect(recorded == files.map(\.name))
        for file in files {
            let text = String(decoding: try Data(contentsOf: folder.appending(path: file.name)), as: UTF8.self)
            #expect(file.text == text, "\(file.name)")
        }
    }
}

/// One of everything that the recorded services don't have.
let goldenDocument = """
    <edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
      <edmx:DataServices>
        <Schema Namespace="wm.v1" xmlns="http://docs.oasis-open.org/odata/ns/edm">
          <EnumType Name="Level">
            <Member Name="Low" Value="1"/><Member Name="High" Value="2"/><Member Name="Top" Value="2"/>
            <Member Name="Unknown" Value="9"/>
          </EnumType>
          <EnumType Name="Access" IsFlags="true">
            <Member Name="Read" Value="1"/><Member Name="Write" Value="2"/>
          </EnumType>
          <TypeDefinition Name="Amount" UnderlyingType="Edm.Decimal" Precision="13" Scale="3"/>
          <ComplexType Name="Place">
            <Property Name="Aisle" Type="Edm.Int16"/>
            <Property Name="Point" Type="Edm.GeographyPoint"/>
            <Property Name="Value" Type="Edm.String"/>
          </ComplexType>
          <EntityType Name="Bin" HasStream="true">
            <Key>
              <PropertyRef Name="Warehouse"/><PropertyRef Name="Number"/>
              <PropertyRef Name="StorageTypeOfTheWarehouse"/><PropertyRef Name="default"/>
            </Key>
            <Property Name="Warehouse" Type="Edm.String" Nullable="false" MaxLength="4"/>
            <Property Name="Number" Type="Edm.Int64" Nullable="false"/>
            <Property Name="StorageTypeOfTheWarehouse" Type="Edm.Guid" Nullable="false"/>
            <Property Name="default" Type="Edm.Boolean" Nullable="false"/>
            <Property Name="Quantity" Type="wm.v1.Amount"/>
            <Property Name="Level" Type="wm.v1.Level"/>
            <Property Name="Access" Type="wm.v1.Access"/>
            <Property Name="Place" Type="wm.v1.Place"/>
            <Property Name="Places" Type="Collection(wm.v1.Place)"/>
            <Property Name="Tags" Type="Collection(Edm.String)"/>
            <Property Name="Code" Type="Edm.Binary" MaxLength="1"/>
            <Property Name="ChangedAt" Type="Edm.DateTimeOffset"/>
            <Property Name="Day" Type="Edm.Date"/>
            <Property Name="Time" Type="Edm.TimeOfDay"/>
            <Property Name="Photo" Type="Edm.Stream"/>
            <Property Name="Anything" Type="Edm.Untyped"/>
            <Property Name="Elsewhere" Type="other.Thing"/>
            <NavigationProperty Name="Next" Type="wm.v1.Bin"/>
            <NavigationProperty Name="Stock" Type="Collection(wm.v1.Stock)"/>
            <NavigationProperty Name="Foreign" Type="Collection(other.Entity)"/>
          </EntityType>
          <EntityType Name="Stock">
            <Key><PropertyRef Name="Place/Aisle" Alias="aisle"/></Key>
            <Property Name="Place" Type="wm.v1.Place" Nullable="false"/>
          </EntityType>
          <EntityType Name="Settings"><Property Name="Name" Type="Edm.String"/></EntityType>
          <Action Name="Move" IsBound="true">
            <Parameter Name="bin" Type="wm.v1.Bin"/>
            <Parameter Name="To" Type="wm.v1.Bin" Nullable="false"/>
            <Parameter Name="Options" Type="wm.v1.Access"/>
            <Parameter Name="Tags" Type="Collection(Edm.String)" Nullable="false"/>
            <ReturnType Type="wm.v1.Bin"/>
          </Action>
          <Action Name="Clear" IsBound="true"><Parameter Name="bins" Type="Collection(wm.v1.Bin)"/></Action>
          <Function Name="Search">
            <Parameter Name="Text" Type="Edm.String" Nullable="false"/>
            <ReturnType Type="Collection(wm.v1.Bin)"/>
          </Function>
          <Function Name="Search">
            <Parameter Name="Text" Type="Edm.String" Nullable="false"/>
            <Parameter Name="Call" Type="Edm.Int32"/>
            <ReturnType Type="Collection(wm.v1.Bin)"/>
          </Function>
          <Function Name="Load"><ReturnType Type="Edm.Decimal"/></Function>
          <Action Name="Count"><ReturnType Type="Collection(wm.v1.Level)"/></Action>
          <EntityContainer Name="Container">
            <EntitySet Name="Bins" EntityType="wm.v1.Bin"/>
            <Singleton Name="Settings" Type="wm.v1.Settings"/>
            <FunctionImport Name="Search" Function="wm.v1.Search" EntitySet="Bins"/>
            <FunctionImport Name="Load" Function="wm.v1.Load"/>
            <ActionImport Name="Client" Action="wm.v1.Count"/>
          </EntityContainer>
        </Schema>
      </edmx:DataServices>
    </edmx:Edmx>
    """
