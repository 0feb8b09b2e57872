/// What a reader has learnt from objects of one type: which member follows which, and in what rows they come.
///
/// Services write the entities of a feed alike. So a name is compared with the one that is expected, and entities with the
/// same names share one layout.
struct TypeExperience: Sendable {
    /// By the members' numbers, as far as it goes.
    private var plans: [ValuePlan] = []
    /// The member that came behind another, by that one's number; 0 for none.
    private var successors: [Int32] = []
    private var shapes: [MemberShape] = []
    private var shapeNumbers: [[Int32]: Int] = [:]
    /// The shape that the last object had; nil for one that wasn't remembered, so that no room is made for what won't come.
    private var lastShape: Int?
    /// For objects that have nothing but their type.
    var plainDetails: Shared<EntityDetails>?

    /// Members with higher numbers aren't remembered, so that a peer that invents names can't make many types large.
    private static let maxMembers: Int32 = 4096
    private static let maxShapes = 32
    private static let maxShapeMembers = 1024

    @inline(__always)
    func successor(of member: Int32) -> Int32 {
        Int(member) < successors.count ? successors[Int(member)] : 0
    }

    mutating func learn(successor: Int32, of member: Int32) {
        guard member < Self.maxMembers else { return }
        while successors.count <= Int(member) { successors.append(0) }
        successors[Int(member)] = successor
    }

    @inline(__always)
    func plan(of member: Int32) -> ValuePlan {
        Int(member) < plans.count ? plans[Int(member)] : .unresolved
    }

    mutating func learn(_ plan: ValuePlan, of member: Int32) {
        guard member < Self.maxMembers else { return }
        while plans.count <= Int(member) { plans.append(.unresolved) }
        plans[Int(member)] = plan
    }

    /// How many members to expect.
    var expectedCount: Int { lastShape.map { shapes[$0].members.count } ?? 0 }

    /// The shape of an object with these members, if it was met before.
    mutating func shape(_ members: ArraySlice<MemberUse>) -> MemberShape? {
        if let lastShape, shapes[lastShape].has(members) { return shapes[lastShape] }
        lastShape = shapes.isEmpty ? nil : shapeNumbers[members.map(\.member)]
        return lastShape.map { shapes[$0] }
    }

    mutating func learn(_ shape: MemberShape) {
        guard shapes.count < Self.maxShapes, shape.members.count <= Self.maxShapeMembers else { return }
        lastShape = shapes.count
        shapeNumbers[shape.members] = shapes.count
        shapes.append(shape)
    }
}

/// A member of an object that is being read, and where its value begins.
struct MemberUse: Sendable {
    var member: Int32
    var offset: Int
}

/// A row of members, none of them twice.
struct MemberShape: Sendable {
    var members: [Int32]
    /// The properties among them, and behind those the properties that control information alone speaks of.
    var layout: PropertyLayout
    /// The latter: navigations with a link or a count, and streams.
    var implied: [Int32]

    func has(_ uses: ArraySlice<MemberUse>) -> Bool {
        guard members.count == uses.count else { return false }
        var index = uses.startIndex
        for member in members {
            guard uses[index].member == member else { return false }
            index &+= 1
        }
        return true
    }

    /// - Returns: nil if a member comes twice, whose index is in `double` then.
    init?(_ uses: ArraySlice<MemberUse>, _ names: MemberNames, double: inout Int) {
        var seen = Set<Int32>(minimumCapacity: uses.count)
        var properties: [Int32] = []
        for (index, use) in uses.enumerated() {
            guard seen.insert(use.member).inserted else {
                double = index
                return nil
            }
            if names.meanings[Int(use.member)] == .property { properties.append(use.member) }
        }
        members = uses.map(\.member)
        implied = []
        for member in members {
            guard case .propertyControl(let control) = names.meanings[Int(member)], control != .type else { continue }
            if seen.insert(names.subjects[Int(member)]).inserted { implied.append(names.subjects[Int(member)]) }
        }
        layout = PropertyLayout(names: (properties + implied).map { names.names[Int($0)] })
    }
}
