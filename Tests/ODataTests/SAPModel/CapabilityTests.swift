import Testing

@testable import OData

@Suite("What can be done with a set")
struct CapabilityTests {
    @Test func `version 2 tells it by attributes`() throws {
        let metadata = SAPModelSamples.version2
        let orders = metadata.capabilities(of: try #require(metadata.entitySet("Orders")))
        #expect(!orders.isInsertable && orders.isUpdatable && orders.isDeletable)
        #expect(!orders.supportsTop && !orders.supportsSkip && !orders.isCountable && orders.requiresFilter)
        #expect(!orders.isSearchable)
        let others = metadata.capabilities(of: try #require(metadata.entitySet("Others")))
        #expect(others.isSearchable && others.updatablePath == "CanUpdate" && others.isInsertable)
    }

    @Test func `version 4 tells it by annotations`() throws {
        let metadata = SAPModelSamples.version4
        let orders = metadata.capabilities(of: try #require(metadata.entitySet("Orders")))
        #expect(!orders.isInsertable && orders.isUpdatable && orders.updatablePath == "CanUpdate")
        #expect(orders.requiredInsertProperties == ["Type"] && orders.requiredFilterProperties == ["Type"])
        #expect(!orders.isCountable && !orders.supportsTop && orders.supportsSkip)
        #expect(orders.isSearchable && orders.isExpandable && orders.isReadable)
    }

    @Test func `a navigation may be allowed what its set is not`() throws {
        let metadata = SAPModelSamples.version4
        let set = try #require(metadata.entitySet("Orders"))
        let items = metadata.capabilities(ofNavigation: "to_Item", from: set)
        #expect(items.isInsertable && !items.isDeletable)
        #expect(metadata.capabilities(ofNavigation: "to_Other", from: set).isDeletable)
    }

    @Test func `pitfall 19: sets whose changes need a tag say so`() throws {
        var property = ModelSamples.property("Changed")
        property.isConcurrencyToken = true
        let metadata = Metadata(
            ModelSamples.parts(
                [ModelSamples.entity("A", [property]), ModelSamples.entity("B", [])],
                sets: [
                    ModelSamples.set("As", of: "A"), ModelSamples.set("Bs", of: "B"),
                    ModelSamples.set(
                        "Cs", of: "B", [ModelSamples.annotation("Core.OptimisticConcurrency", .collection([]))]),
                ]))
        #expect(metadata.entitySets.map { metadata.capabilities(of: $0).needsETag } == [true, false, true])
    }

    @Test func `pitfall 49: drafts are found with their actions and their marks`() throws {
        let record = SAPModelSamples.record([
            ("ActivationAction", .string("self.Activate(self.Order)")), ("EditAction", .string("sample.Edit")),
            ("PreparationAction", .string("other.Prepare")),
        ])
        let order = ModelSamples.entity(
            "Order", key: ["ID", "IsActiveEntity"],
            [
                ModelSamples.property("ID"), ModelSamples.property("IsActiveEntity", .boolean),
                ModelSamples.property("HasDraftEntity", .boolean),
            ],
            [NavigationProperty(name: "SiblingEntity", target: SAPModelSamples.name("Order"), isCollection: false)])
        let metadata = Metadata(
            ModelSamples.parts(
                [order, ModelSamples.entity("Plain", [])],
                sets: [
                    ModelSamples.set("Orders", of: "Order", [ModelSamples.annotation("Common.DraftRoot", record)]),
                    ModelSamples.set("Plains", of: "Plain"),
                ]))
        let draft = try #require(metadata.draft(ofSet: "Orders"))
        #expect(draft.role == .root)
        #expect(draft.activationAction == "sample.Activate(self.Order)")
        #expect((draft.editAction, draft.preparationAction) == ("sample.Edit", "other.Prepare"))
        #expect(draft.discardAction == nil)
        #expect((draft.isActiveProperty, draft.hasDraftProperty) == ("IsActiveEntity", "HasDraftEntity"))
        #expect(draft.siblingNavigation == "SiblingEntity" && draft.draftKeyProperty == nil)
        #expect(metadata.draft(ofSet: "Plains") == nil && metadata.draft(ofSet: "None") == nil)
    }
}
