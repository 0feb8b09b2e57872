@testable import OData

/// Random models of one schema with all constructs that every notation of version 4 can tell.
struct ModelGenerator {
    private var random: ModelRandom
    private var names = 0

    init(seed: UInt64) { random = ModelRandom(seed: seed) }

    mutating func parts() -> MetadataParts {
        var parts = MetadataParts()
        parts.version = random.flip() ? .v4 : .v401
        parts.schemas = [
            SchemaInfo(namespace: "my.sch", alias: random.flip() ? "self" : nil, annotations: annotations())
        ]
        parts.references = references()
        var previous: QualifiedName?
        for _ in 0..<random.below(5) {
            let type = structured(base: random.flip() ? previous : nil)
            parts.structuredTypes[type.name] = type
            previous = type.name
        }
        for _ in 0..<random.below(3) {
            let type = enumeration()
            parts.enumerationTypes[type.name] = type
        }
        for _ in 0..<random.below(3) {
            var definition = TypeDefinition(name: qualified(), underlyingType: primitive(nullable: true))
            definition.annotations = annotations()
            parts.typeDefinitions[definition.name] = definition
        }
        for _ in 0..<random.below(3) {
            let term = self.term()
            parts.terms[term.name] = term
        }
        for _ in 0..<random.below(3) {
            let name = qualified()
            parts.operations[name] = (0...random.below(2)).map { _ in operation(name) }
        }
        parts.container = container()
        for _ in 0..<random.below(3) {
            parts.externalAnnotations["other.ns.\(name())/\(name())"] = annotations(atLeast: 1)
        }
        return parts
    }

    // MARK: Elements

    /// Names with letters outside ASCII among them, each once.
    private mutating func name() -> String {
        names += 1
        return random.pick(["Name", "_under", "Größe", "Ä", "名", "YY1_Field_SDH", "x"]) + String(names)
    }

    private mutating func qualified() -> QualifiedName { QualifiedName("my.sch", name()) }

    private mutating func references() -> [Reference] {
        (0..<random.below(3)).map { number in
            var reference = Reference(uri: "https://host/\(number)/x'y\"z")
            reference.includes = (0..<random.below(2)).map { _ in
                let include = name()
                return Reference.Include(namespace: "ext.\(include)", alias: random.flip() ? "Alias\(include)" : nil)
            }
            reference.annotationNamespaces = random.flip() ? ["terms.\(number)"] : []
            return reference
        }
    }

    private mutating func structured(base: QualifiedName?) -> StructuredType {
        var type = StructuredType(kind: random.flip() ? .entity : .complex, name: qualified())
        type.baseType = base
        (type.isAbstract, type.isOpen, type.hasStream) = (random.flip(4), random.flip(4), random.flip(4))
        type.properties = (0..<random.below(6)).map { _ in
            var property = Property(name: name(), type: reference())
            property.defaultValue = random.flip(5) ? text() : nil
            property.annotations = annotations()
            return property
        }
        type.navigationProperties = (0..<random.below(3)).map { _ in navigation() }
        if let first = type.properties.first { type.key = [KeyProperty(first.name)] }
        if random.flip(4) { type.key.append(KeyProperty("A/B", alias: name())) }
        type.annotations = annotations()
        return type
    }

    private mutating func navigation() -> NavigationProperty {
        var property = NavigationProperty(
            name: name(), target: QualifiedName("my.sch", "T"), isCollection: random.flip())
        property.isNullable = !property.isCollection && random.flip()
        property.partner = random.flip() ? name() : nil
        property.containsTarget = random.flip()
        property.constraints = (0..<random.below(3)).map { _ in
            ReferentialConstraint(property: name(), referencedProperty: name())
        }
        property.onDelete =
            random.flip() ? random.pick([.cascade, NavigationProperty.OnDelete.none, .setNull, .setDefault]) : nil
        property.annotations = annotations()
        return property
    }

    private mutating func enumeration() -> EnumerationType {
        var type = EnumerationType(name: qualified())
        type.underlyingType = random.pick([.byte, .sbyte, .int16, .int32, .int64])
        type.isFlags = random.flip()
        type.members = (0..<random.below(5)).map { _ in
            EnumerationType.Member(name: name(), value: Int64(random.below(127)), annotations: annotations())
        }
        type.annotations = annotations()
        return type
    }

    private mutating func term() -> TermDefinition {
        var term = TermDefinition(name: qualified(), type: reference())
        term.baseTerm = random.flip() ? QualifiedName("other", "Base") : nil
        term.defaultValue = random.flip() ? text() : nil
        term.appliesTo = random.flip() ? ["EntitySet", "Property"] : []
        term.annotations = annotations()
        return term
    }

    private mutating func operation(_ name: QualifiedName) -> OData.Operation {
        var operation = OData.Operation(kind: random.flip() ? .action : .function, name: name)
        (operation.isBound, operation.isComposable) = (random.flip(), random.flip())
        operation.entitySetPath = operation.isBound && random.flip() ? "it/X" : nil
        operation.parameters = (0..<(random.below(3) + (operation.isBound ? 1 : 0))).map { _ in
            var parameter = OData.Operation.Parameter(name: self.name(), type: reference())
            parameter.annotations = annotations()
            if random.flip(4) {
                parameter.isOptional = true
                parameter.annotations.append(
                    Annotation(term: QualifiedName("Org.OData.Core.V1", "OptionalParameter"), value: .boolean(true)))
            }
            return parameter
        }
        if random.flip() {
            operation.returnType = reference()
            operation.returnTypeAnnotations = annotations()
        }
        operation.annotations = annotations()
        return operation
    }

    private mutating func container() -> EntityContainer {
        var container = EntityContainer(name: qualified())
        container.entitySets = (0..<random.below(4)).map { _ in
            var set = EntitySet(name: name(), type: QualifiedName("my.sch", "T"))
            set.isInServiceDocument = random.flip()
            (set.bindings, set.annotations) = (bindings(), annotations())
            return set
        }
        container.singletons = (0..<random.below(2)).map { _ in
            var singleton = Singleton(name: name(), type: QualifiedName("other.ns", "T"))
            singleton.isNullable = random.flip()
            (singleton.bindings, singleton.annotations) = (bindings(), annotations())
            return singleton
        }
        container.operationImports = (0..<random.below(3)).map { _ in
            var item = OperationImport(kind: random.flip() ? .action : .function, name: name(), operation: qualified())
            (item.entitySet, item.annotations) = (random.flip() ? "Set" : nil, annotations())
            return item
        }
        container.annotations = annotations()
        return container
    }

    private mutating func bindings() -> [NavigationBinding] {
        (0..<random.below(3)).map { _ in
            NavigationBinding(
                path: random.pick(["", "my.sch.T/", "A/"]) + name(), target: random.pick(["Set", "my.C/Set"]))
        }
    }

    // MARK: Types

    private mutating func primitive(nullable: Bool) -> TypeReference {
        var type = TypeReference(.primitive(random.pick(PrimitiveType.allCases)), isNullable: nullable)
        if random.flip() { type.maxLength = random.below(1_000) + 1 }
        if random.flip() { type.precision = random.below(38) }
        if random.flip() { type.scale = random.pick([.fixed(random.below(10)), .floating, .variable]) }
        // A decimal without a scale means different things in the notations.
        if type.base == .primitive(.decimal), type.scale == nil { type.scale = .variable }
        if random.flip(4) { type.srid = random.pick(["0", "4326", "variable"]) }
        if random.flip(4) { type.isUnicode = random.flip() }
        return type
    }

    private mutating func reference() -> TypeReference {
        var type = primitive(nullable: random.flip())
        switch random.below(4) {
        case 0: type = TypeReference(.named(QualifiedName("other.ns", name())), isNullable: random.flip())
        case 1: type = TypeReference(.abstract("Edm.Untyped"), isNullable: random.flip())
        default: break
        }
        type.isCollection = random.flip(3)
        return type
    }

    // MARK: Annotations

    private mutating func text() -> String {
        random.pick(["", "a", "Größe", "\u{1F600} \"q\" \\ /", "line\nbreak\u{1}", "@x#y"])
    }

    private mutating func annotations(atLeast minimum: Int = 0, depth: Int = 0) -> [Annotation] {
        guard depth < 3 else { return [] }
        return (0..<max(minimum, random.below(3))).map { _ in
            Annotation(
                term: QualifiedName(random.pick(["Org.OData.Core.V1", "a.b"]), name()),
                qualifier: random.flip() ? name() : nil,
                value: expression(depth: depth), annotations: annotations(depth: depth + 1))
        }
    }

    private mutating func expressions(_ count: Int, _ depth: Int) -> [AnnotationExpression] {
        (0..<count).map { _ in expression(depth: depth + 1) }
    }

    private mutating func expression(depth: Int) -> AnnotationExpression {
        switch random.below(depth < 4 ? 24 : 12) {
        case 0: return .null
        case 1: return .boolean(random.flip())
        case 2: return .int(random.pick([0, -1, 42, .max, .min]))
        case 3:
            let digits = UInt128(random.below(1_000_000) * 10 + 1)
            return .decimal(
                ODataDecimal(significand: digits, exponent: Int16(-1 - random.below(10)), isNegative: random.flip()))
        case 4: return .float(random.pick([0.5, 1e300, -2.25e-10, 3]))
        case 5: return .string(text())
        case 6: return .path("a/b@c.d#e")
        case 7: return .propertyPath("Größe/x")
        case 8: return .navigationPropertyPath("to_X")
        case 9: return .annotationPath("@com.x.Y#q")
        case 10: return random.flip() ? .modelElementPath("my.sch.C/S") : .anyPropertyPath("a/b")
        case 11: return .enumMember("a.b.E/X a.b.E/Y")
        case 12, 13: return .collection(expressions(random.below(4), depth))
        case 14, 15, 16: return .record(record(depth))
        case 17: return .apply(function: "odata.concat", expressions(random.below(4), depth))
        case 18: return .if(expressions(2 + random.below(2), depth))
        case 19:
            let type = reference()
            return random.flip() ? .cast(type, expression(depth: depth + 1)) : .isOf(type, expression(depth: depth + 1))
        case 20: return .labeledElement(name: "my.sch.L", expression(depth: depth + 1))
        case 21: return random.flip() ? .labeledElementReference("my.sch.L") : .urlRef(expression(depth: depth + 1))
        case 22: return .operation(random.pick(["Not", "Neg"]), expressions(1, depth))
        default:
            return .operation(
                random.pick(["And", "Or", "Eq", "Ne", "Gt", "Ge", "Lt", "Le", "Has", "In", "Add", "Mod"]),
                expressions(2, depth))
        }
    }

    private mutating func record(_ depth: Int) -> AnnotationRecord {
        AnnotationRecord(
            type: random.flip() ? QualifiedName("a.b", name()) : nil,
            properties: (0..<random.below(4)).map { _ in
                AnnotationRecord.Property(
                    name: name(), value: expression(depth: depth + 1), annotations: annotations(depth: depth + 1))
            }, annotations: annotations(depth: depth + 1))
    }
}
