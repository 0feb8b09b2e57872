/// A vocabulary annotation: a term applied to an element of the model.
public struct Annotation: Sendable, Hashable {
    /// With its namespace in full (`com.sap.vocabularies.Common.v1.Label`), whatever alias the document has.
    public var term: QualifiedName
    public var qualifier: String?
    public var value: AnnotationExpression
    public var annotations: [Annotation]

    public init(
        term: QualifiedName, qualifier: String? = nil, value: AnnotationExpression, annotations: [Annotation] = []
    ) {
        (self.term, self.qualifier) = (term, qualifier)
        (self.value, self.annotations) = (value, annotations)
    }
}

/// The value of an annotation (CSDL XML 4.01 §14.3, §14.4), constant or not. Nothing is evaluated.
public indirect enum AnnotationExpression: Sendable, Hashable {
    case null
    case boolean(Bool)
    case int(Int64)
    case decimal(ODataDecimal)
    case float(Double)
    case string(String)
    case date(String)
    case dateTimeOffset(String)
    case duration(String)
    case timeOfDay(String)
    case guid(String)
    case binary(String)
    /// Members separated by spaces, each with its type's name (`UI.ImportanceType/High`).
    case enumMember(String)
    case path(String)
    case propertyPath(String)
    case navigationPropertyPath(String)
    case annotationPath(String)
    case modelElementPath(String)
    case anyPropertyPath(String)
    case collection([AnnotationExpression])
    case record(AnnotationRecord)
    case apply(function: String, [AnnotationExpression])
    case `if`([AnnotationExpression])
    case cast(TypeReference, AnnotationExpression)
    case isOf(TypeReference, AnnotationExpression)
    case labeledElement(name: String, AnnotationExpression)
    case labeledElementReference(String)
    case urlRef(AnnotationExpression)
    /// `And`, `Or`, `Not`, `Eq`, `Ne`, `Gt`, `Ge`, `Lt`, `Le`, `Has`, `In`, `Neg`, `Add`, `Sub`, `Mul`, `Div`, `DivBy`, `Mod`.
    case operation(String, [AnnotationExpression])
}

/// A record of an annotation: property names and values.
public struct AnnotationRecord: Sendable, Hashable {
    public struct Property: Sendable, Hashable {
        public var name: String
        public var value: AnnotationExpression
        public var annotations: [Annotation]

        public init(name: String, value: AnnotationExpression, annotations: [Annotation] = []) {
            (self.name, self.value, self.annotations) = (name, value, annotations)
        }
    }

    public var type: QualifiedName?
    public var properties: [Property]
    public var annotations: [Annotation]

    public init(type: QualifiedName? = nil, properties: [Property] = [], annotations: [Annotation] = []) {
        (self.type, self.properties, self.annotations) = (type, properties, annotations)
    }

    public subscript(_ name: String) -> AnnotationExpression? { properties.first { $0.name == name }?.value }
}

/// The `sap:` attributes of an element of a version 2 document, by their local names (`label`, `filterable`, `unit`).
public struct SAPAttributes: Sendable, Hashable {
    public var values: [Attribute]

    public struct Attribute: Sendable, Hashable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    public init(_ values: [Attribute] = []) { self.values = values }

    public subscript(_ name: String) -> String? { values.first { $0.name == name }?.value }
}
