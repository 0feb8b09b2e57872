internal import LibXML

/// The names that CSDL XML and EDMX have for elements, attributes and namespaces, and the prefixes that SAP forgets to declare.
///
/// The order is that of the parser's vocabulary: a name's code there is the raw value here.
enum CSDLWord: UInt8, CaseIterable {
    // The document, and what v2 keeps apart
    case edmx, reference, include, includeAnnotations, dataServices, schema, using, documentation,
        summary, longDescription
    // Elements of schemas
    case entityType, complexType, enumType, typeDefinition, term, function, action,
        entityContainer, association, annotations, annotation, key, propertyRef, property,
        navigationProperty, referentialConstraint, onDelete, member, parameter, returnType, end,
        principal, dependent
    // Elements of containers
    case entitySet, singleton, navigationPropertyBinding, actionImport, functionImport,
        associationSet
    // Constant expressions: elements and attributes
    case null, binary, bool, date, dateTimeOffset, decimal, duration, enumMember, float, guid, int,
        string, timeOfDay, path, propertyPath, navigationPropertyPath, annotationPath,
        modelElementPath, anyPropertyPath, labeledElementReference, urlRef
    // Other expressions
    case collection, record, propertyValue, apply, `if`, cast, isOf, labeledElement
    // Operators
    case and, or, not, eq, ne, gt, ge, lt, le, has, `in`, neg, add, sub, mul, div, divBy, mod
    // Attributes
    case version, dataServiceVersion, namespace, alias, uri, termNamespace, qualifier, name,
        baseType, abstract, openType, hasStream, type, nullable, maxLength, precision, scale, srid,
        unicode, fixedLength, defaultValue, concurrencyMode, feedTargetPath, relationship,
        fromRole, toRole, partner, containsTarget, referencedProperty, underlyingType, isFlags,
        value, baseTerm, appliesTo, isBound, isComposable, entitySetPath, isDefaultEntityContainer,
        includeInServiceDocument, target, httpMethod, role, multiplicity
    // Namespaces
    case schema2006, schema2007, schema2008, schema200809, schema2009, schema4, package2007,
        package4, dataServices2007, sapData
    // Prefixes
    case edmxPrefix, edmPrefix, metadataPrefix, sapPrefix

    static let vocabulary = allCases.map(\.text)

    /// - Returns: nil for a name that isn't one of these.
    init?(_ name: XMLName) {
        guard let value = UInt8(exactly: name.code), let word = CSDLWord(rawValue: value) else { return nil }
        self = word
    }

    var name: XMLName { XMLName(code: UInt16(rawValue)) }
}
