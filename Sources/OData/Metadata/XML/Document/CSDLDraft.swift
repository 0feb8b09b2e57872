internal import LibXML

/// What elements of a document put together, before names that need the whole document are resolved.
struct CSDLDraft {
    struct Placed<Item> {
        var item: Item
        /// Where its element began.
        var place: XMLPosition
    }

    var parts = MetadataParts()
    /// One of the containers is marked as the default one (`m:IsDefaultEntityContainer`).
    var hasDefaultContainer = false
    var containers: Set<QualifiedName> = []
    /// Names of the containers' children, which are unique together.
    var containerNames: Set<String> = []
    /// Where structured types began.
    var typePlaces: [QualifiedName: XMLPosition] = [:]
    /// Signatures of operations, which overloads must differ in.
    var signatures: Set<String> = []
    var targets: [TargetedAnnotations] = []
    /// What version 2 says of navigation, to be joined at the end.
    var associations: [QualifiedName: Association] = [:]
    var associationSets: [Placed<AssociationSet>] = []
    var roles: [NavigationRoles] = []
}

/// An association of version 2 (CSDL 2.0, `Association`).
struct Association {
    struct End {
        var role: String
        var type: QualifiedName
        var isCollection: Bool
        var isNullable: Bool
        /// What happens to the entities at the other end when one at this end is deleted.
        var onDelete: NavigationProperty.OnDelete?
    }

    var ends: [End] = []
    var principalRole: String?
    var principalProperties: [String] = []
    var dependentRole: String?
    var dependentProperties: [String] = []

    func end(_ role: String) -> End? { ends.first { $0.role == role } }
}

/// Which sets an association of version 2 joins.
struct AssociationSet {
    var association: QualifiedName
    /// Role and entity set.
    var ends: [(role: String, set: String)] = []

    func set(_ role: String) -> String? { ends.first { $0.role == role }?.set }
}

/// A navigation property of version 2 names an association and the way through it, its type is found there.
struct NavigationRoles {
    var type: QualifiedName
    var navigation: Int
    var from: String
    var to: String
    var place: XMLPosition
}
