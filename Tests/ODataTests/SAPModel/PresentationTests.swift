import Testing

@testable import OData

@Suite("How fields are shown, in both versions")
struct PresentationTests {
    private let order = SAPModelSamples.name("Order")
    private let version2 = SAPModelSamples.version2
    private let version4 = SAPModelSamples.version4

    @Test func `labels, headings and tooltips come from attributes and annotations alike`() {
        #expect(version2.presentation(of: "SalesOrder", in: order).label == "Sales Order")
        #expect(version4.presentation(of: "ID", in: order).label == "Sales Order")
        #expect(version2.presentation(of: "Currency", in: order).heading == "Crcy")
        #expect(version2.presentation(of: "Currency", in: order).quickInfo == "Currency Key")
        #expect(version4.presentation(of: "Currency", in: order).quickInfo == "Currency Key")
    }

    @Test func `pitfall 25: the unit and the currency of an amount are found in their own fields`() {
        #expect(
            version2.presentation(of: "NetAmount", in: order).unit
                == UnitAssociation(.path("Currency"), kind: .currency))
        #expect(version2.presentation(of: "Quantity", in: order).unit == UnitAssociation(.path("Unit"), kind: .unit))
        #expect(version2.presentation(of: "Weight", in: order).unit == UnitAssociation(.path("Mass"), kind: .unknown))
        #expect(
            version4.presentation(of: "NetAmount", in: order).unit
                == UnitAssociation(.path("Currency"), kind: .currency))
        #expect(version4.presentation(of: "Fee", in: order).unit == UnitAssociation(.constant("EUR"), kind: .currency))
        #expect(version4.presentation(of: "Quantity", in: order).unit?.path == "Unit")
        #expect(version4.presentation(of: "Plain", in: order).unit == nil)
    }

    @Test func `pitfall 22: digits that stay text are told, and letters that must be large`() {
        #expect(version2.presentation(of: "SalesOrder", in: order).isDigitSequence)
        #expect(version4.presentation(of: "ID", in: order).isDigitSequence)
        #expect(version2.presentation(of: "Type", in: order).isUpperCase)
        #expect(version4.presentation(of: "Type", in: order).isUpperCase)
        #expect(!version4.presentation(of: "Plain", in: order).isDigitSequence)
    }

    @Test func `texts have their arrangement from the annotation, the property or the type`() {
        #expect(version2.text(of: "Type", in: order) == TextAssociation("TypeName"))
        #expect(version4.text(of: "Type", in: order) == TextAssociation("TypeName", arrangement: .textOnly))
        #expect(version4.text(of: "Partner", in: order) == TextAssociation("to_Partner/Name", arrangement: .textFirst))
        #expect(version4.text(of: "Plain", in: order) == nil)
    }

    @Test func `what the service makes itself is not to be given`() {
        let id = version4.presentation(of: "ID", in: order)
        #expect(id.isComputed && !id.isCreatable && !id.isUpdatable)
        let type = version4.presentation(of: "Type", in: order)
        #expect(type.isImmutable && type.isCreatable && !type.isUpdatable)
        let note = version4.presentation(of: "Note", in: order)
        #expect(note.fieldControl == .readOnly && !note.isUpdatable)
        #expect(!version2.presentation(of: "SalesOrder", in: order).isUpdatable)
        #expect(version2.presentation(of: "SalesOrder", in: order).isCreatable)
    }

    @Test func `fields are hidden always, or by another field`() {
        #expect(version2.presentation(of: "Secret", in: order).isHidden)
        #expect(version4.presentation(of: "Gone", in: order).isHidden)
        let reason = version4.presentation(of: "Reason", in: order)
        #expect(!reason.isHidden && reason.hiddenPath == "HidesReason")
        #expect(reason.fieldControl == .path("Reason_fc"))
        #expect(version2.presentation(of: "Created", in: order).fieldControl == .path("Created_fc"))
    }

    @Test func `restrictions of the set are the field's`() {
        #expect(!version2.presentation(of: "NetAmount", in: order).isFilterable)
        #expect(!version4.presentation(of: "NetAmount", in: order).isFilterable)
        #expect(!version4.presentation(of: "Fee", in: order).isFilterable)
        #expect(version4.presentation(of: "Type", in: order).isRequiredInFilter)
        #expect(version4.presentation(of: "Type", in: order).filterRestriction == "SingleValue")
        #expect(version2.presentation(of: "Secret", in: order).isRequiredInFilter)
        #expect(!version2.presentation(of: "Secret", in: order).isSortable)
        #expect(!version4.presentation(of: "Plain", in: order).isCreatable)
    }

    @Test func `a field that nothing is said about may be used in every way`() {
        #expect(version2.presentation(of: "Unit", in: order).isCreatable)
        #expect(version2.presentation(of: "Nothing", in: order) == FieldPresentation())
        #expect(version4.presentation(of: "Nothing/At/All", in: order) == FieldPresentation())
    }

    @Test(arguments: [(7, FieldControl.mandatory), (3, .optional), (1, .readOnly), (0, .inapplicable)])
    func `the number of a field control is one of four`(number: Int, expected: FieldControl) {
        #expect(FieldControl(number: number) == expected)
        #expect(FieldControl(number: number + 50) == nil)
    }

    @Test func `an annotation of a derived type goes before the inherited one`() {
        var base = ModelSamples.property("Name")
        base.annotations = [ModelSamples.annotation("Common.Label", .string("Name"))]
        var parts = ModelSamples.parts([
            ModelSamples.entity("Person", [base]), ModelSamples.entity("Manager", base: "Person", []),
        ])
        parts.place(
            [
                TargetedAnnotations(
                    target: "sample.Manager/Name",
                    annotations: [ModelSamples.annotation("Common.Label", .string("Boss"))])
            ], aliases: [:])
        let metadata = Metadata(parts)
        #expect(metadata.presentation(of: "Name", in: SAPModelSamples.name("Manager")).label == "Boss")
        #expect(metadata.presentation(of: "Name", in: SAPModelSamples.name("Person")).label == "Name")
    }

    @Test func `messages are where the type says, or under their usual name`() {
        #expect(version4.messagesProperty(of: order) == "Notes")
        #expect(version2.messagesProperty(of: order) == nil)
        let usual = Metadata(ModelSamples.parts([ModelSamples.entity("T", [ModelSamples.property("SAP__Messages")])]))
        #expect(usual.messagesProperty(of: SAPModelSamples.name("T")) == "SAP__Messages")
    }
}
