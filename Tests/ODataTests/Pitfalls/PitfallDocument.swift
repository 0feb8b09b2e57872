import OData

/// `$metadata` of the service with orders.
enum PitfallDocument {
    static func text(_ version: ODataVersion) -> String {
        switch version {
        case .v2: version2
        case .v4: version4
        case .v401: version4.replacing(#"Edmx Version="4.0""#, with: #"Edmx Version="4.01""#)
        }
    }

    static let version2 = """
        <?xml version="1.0" encoding="utf-8"?>
        <edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" \
        xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" \
        xmlns:sap="http://www.sap.com/Protocols/SAPData"><edmx:DataServices m:DataServiceVersion="2.0">
        <Schema Namespace="ZORDER_SRV" xmlns="http://schemas.microsoft.com/ado/2008/09/edm" sap:schema-version="1">
        <EntityType Name="OrderType" sap:content-version="1"><Key><PropertyRef Name="SalesOrder"/></Key>
        <Property Name="SalesOrder" Type="Edm.String" Nullable="false" MaxLength="10" sap:display-format="NonNegative"/>
        <Property Name="SalesOrderType" Type="Edm.String" MaxLength="4" sap:display-format="UpperCase"/>
        <Property Name="NetAmount" Type="Edm.Decimal" Precision="16" Scale="3" sap:unit="Currency"/>
        <Property Name="Currency" Type="Edm.String" MaxLength="5" sap:semantics="currency-code"/>
        <Property Name="Quantity" Type="Edm.Decimal" Precision="13" Scale="3" sap:unit="Unit"/>
        <Property Name="Unit" Type="Edm.String" MaxLength="3" sap:semantics="unit-of-measure"/>
        <Property Name="Rate" Type="Edm.Decimal" Precision="34" Scale="14"/>
        <Property Name="Counter" Type="Edm.Int64"/><Property Name="Pages" Type="Edm.Byte"/>
        <Property Name="Steps" Type="Edm.Int32"/><Property Name="Weight" Type="Edm.Double"/>
        <Property Name="Ratio" Type="Edm.Single"/><Property Name="IsBlocked" Type="Edm.Boolean"/>
        <Property Name="CreationDate" Type="Edm.DateTime" Precision="0" sap:display-format="Date"/>
        <Property Name="ChangedAt" Type="Edm.DateTimeOffset" Precision="7"/>
        <Property Name="CreationTime" Type="Edm.Time" Precision="0"/>
        <Property Name="OrderUUID" Type="Edm.Guid"/><Property Name="Hash" Type="Edm.Binary"/>
        <Property Name="Note" Type="Edm.String"/>
        <NavigationProperty Name="to_Item" Relationship="ZORDER_SRV.OrderItem" FromRole="O" ToRole="I"/>
        <NavigationProperty Name="to_Text" Relationship="ZORDER_SRV.OrderText" FromRole="O" ToRole="T"/>
        <NavigationProperty Name="to_Partner" Relationship="ZORDER_SRV.OrderPartner" FromRole="O" ToRole="P"/></EntityType>
        <EntityType Name="ItemType"><Key><PropertyRef Name="SalesOrder"/><PropertyRef Name="Item"/></Key>
        <Property Name="SalesOrder" Type="Edm.String" Nullable="false"/>
        <Property Name="Item" Type="Edm.String" Nullable="false"/>
        <Property Name="Material" Type="Edm.String"/></EntityType>
        <EntityType Name="PartnerType"><Key><PropertyRef Name="Partner"/></Key>
        <Property Name="Partner" Type="Edm.String" Nullable="false"/></EntityType>
        <Association Name="OrderItem"><End Type="ZORDER_SRV.OrderType" Multiplicity="1" Role="O"/>\
        <End Type="ZORDER_SRV.ItemType" Multiplicity="*" Role="I"/></Association>
        <Association Name="OrderText"><End Type="ZORDER_SRV.OrderType" Multiplicity="1" Role="O"/>\
        <End Type="ZORDER_SRV.ItemType" Multiplicity="*" Role="T"/></Association>
        <Association Name="OrderPartner"><End Type="ZORDER_SRV.OrderType" Multiplicity="*" Role="O"/>\
        <End Type="ZORDER_SRV.PartnerType" Multiplicity="0..1" Role="P"/></Association>
        <EntityContainer Name="ZORDER_SRV_Entities" m:IsDefaultEntityContainer="true">
        <EntitySet Name="Orders" EntityType="ZORDER_SRV.OrderType"/><EntitySet Name="Items" EntityType="ZORDER_SRV.ItemType"/>
        <EntitySet Name="Partners" EntityType="ZORDER_SRV.PartnerType"/>
        <AssociationSet Name="S1" Association="ZORDER_SRV.OrderItem"><End EntitySet="Orders" Role="O"/>\
        <End EntitySet="Items" Role="I"/></AssociationSet>
        <AssociationSet Name="S2" Association="ZORDER_SRV.OrderPartner"><End EntitySet="Orders" Role="O"/>\
        <End EntitySet="Partners" Role="P"/></AssociationSet>
        <FunctionImport Name="GetLatest" ReturnType="ZORDER_SRV.OrderType" EntitySet="Orders" m:HttpMethod="GET">\
        <Parameter Name="Since" Type="Edm.DateTime"/></FunctionImport>
        <FunctionImport Name="GetTotal" ReturnType="Edm.Decimal" m:HttpMethod="GET"/>
        </EntityContainer></Schema></edmx:DataServices></edmx:Edmx>
        """

    static let version4 = """
        <?xml version="1.0" encoding="utf-8"?>
        <edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
        <edmx:Reference Uri="/sap/opu/odata/IWFND/CATALOGSERVICE;v=2/Vocabularies(TechnicalName='%2FIWBEP%2FVOC_COMMON',\
        Version='0001',SAP__Origin='LOCAL')/$value"><edmx:Include Namespace="com.sap.vocabularies.Common.v1" \
        Alias="SAP__common"/></edmx:Reference><edmx:DataServices>
        <Schema Namespace="com.sap.gateway.srvd_a2x.zorder.v0001" Alias="SAP__self" \
        xmlns="http://docs.oasis-open.org/odata/ns/edm">
        <EntityType Name="Order_Type"><Key><PropertyRef Name="SalesOrder"/></Key>
        <Property Name="SalesOrder" Type="Edm.String" Nullable="false" MaxLength="10">\
        <Annotation Term="SAP__common.IsDigitSequence"/></Property>
        <Property Name="NetAmount" Type="Edm.Decimal" Precision="16" Scale="3"/>
        <Property Name="Rate" Type="Edm.Decimal" Precision="34" Scale="14"/>
        <Property Name="Counter" Type="Edm.Int64"/><Property Name="Note" Type="Edm.String"/>
        <Property Name="SAP__Messages" Type="Collection(SAP__self.SAP__Message)" Nullable="false"/>
        <NavigationProperty Name="_Item" Type="Collection(SAP__self.Item_Type)"/></EntityType>
        <EntityType Name="Item_Type"><Key><PropertyRef Name="SalesOrder"/><PropertyRef Name="Item"/></Key>
        <Property Name="SalesOrder" Type="Edm.String" Nullable="false"/>
        <Property Name="Item" Type="Edm.String" Nullable="false"/></EntityType>
        <ComplexType Name="SAP__Message"><Property Name="code" Type="Edm.String" Nullable="false"/>
        <Property Name="message" Type="Edm.String" Nullable="false"/><Property Name="target" Type="Edm.String"/>
        <Property Name="additionalTargets" Type="Collection(Edm.String)" Nullable="false"/>
        <Property Name="transition" Type="Edm.Boolean" Nullable="false"/>
        <Property Name="numericSeverity" Type="Edm.Byte" Nullable="false"/>
        <Property Name="longtextUrl" Type="Edm.String"/></ComplexType>
        <EntityContainer Name="Container"><EntitySet Name="Orders" EntityType="SAP__self.Order_Type">
        <NavigationPropertyBinding Path="_Item" Target="Items"/></EntitySet>
        <EntitySet Name="Items" EntityType="SAP__self.Item_Type"/></EntityContainer>
        <Annotations Target="SAP__self.Order_Type">\
        <Annotation Term="SAP__common.Messages" Path="SAP__Messages"/></Annotations></Schema>
        </edmx:DataServices></edmx:Edmx>
        """
}
