/// Makes Swift's names out of a document's.
///
/// Letters and digits of any script stay, everything else separates words.
enum SwiftIdentifier {
    /// `A_CustomerMaterialType` is `CustomerMaterial`, `SALES_ORDER` is `SalesOrder`.
    static func type(_ name: String) -> String {
        var name = Substring(name)
        for suffix in ["_Type", "Type"] where name.hasSuffix(suffix) && name.count > suffix.count {
            name = name.dropLast(suffix.count)
            break
        }
        return started(words(withoutArticle(name)).map { $0.capitalizedFirst }.joined(), empty: "Unnamed")
    }

    /// `A_CustomerMaterial` is `customerMaterial`.
    static func set(_ name: String) -> String { member(String(withoutArticle(Substring(name)))) }

    /// SAP's released entities begin with `A_`.
    private static func withoutArticle(_ name: Substring) -> Substring {
        name.hasPrefix("A_") && name.dropFirst(2).first?.isUppercase == true ? name.dropFirst(2) : name
    }

    /// `SalesOrganization` is `salesOrganization`, `WBSElement` is `wbsElement`, `to_Address` is `toAddress`.
    static func member(_ name: String) -> String {
        let words = words(Substring(name))
        guard let first = words.first else { return "unnamed" }
        return started(first.loweredStart + words.dropFirst().map { $0.capitalizedFirst }.joined(), empty: "unnamed")
    }

    /// With backticks if the compiler would take it for a word of its own.
    static func escaped(_ identifier: String) -> String {
        keywords.contains(identifier) ? "`" + identifier + "`" : identifier
    }

    /// As a parameter where it is declared; most of those words may stand there as they are.
    static func parameter(_ identifier: String) -> String {
        ["inout", "let", "var"].contains(identifier) ? escaped(identifier) : identifier
    }

    /// In front of an argument.
    static func label(_ identifier: String) -> String { identifier == "inout" ? escaped(identifier) : identifier }

    /// An identifier that begins with a digit gets an underscore.
    private static func started(_ identifier: String, empty: String) -> String {
        guard let first = identifier.unicodeScalars.first else { return empty }
        return isHead(first) ? identifier : "_" + identifier
    }

    private static func words(_ name: Substring) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            if isBody(scalar) {
                word.append(scalar)
            } else if !word.isEmpty {
                words.append(String(word))
                word.removeAll()
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        // PLANT_NAME is no acronym.
        let shouts = words.count > 1 && !name.contains { $0.isLowercase }
        return shouts ? words.map { $0.lowercased() } : words
    }

    /// What Swift takes in an identifier, as far as Unicode calls it a letter, a digit or a mark.
    private static func isBody(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            ? scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            : scalar.value <= 0xFFFF && scalar.properties.isXIDContinue && isLettersOrMarks(scalar)
    }

    private static func isHead(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII ? scalar.properties.isAlphabetic : scalar.properties.isXIDStart && isLetter(scalar)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter: true
        default: false
        }
    }

    private static func isLettersOrMarks(_ scalar: Unicode.Scalar) -> Bool {
        isLetter(scalar) || [.nonspacingMark, .spacingMark].contains(scalar.properties.generalCategory)
    }

    /// Words that can't stand for a declaration without backticks, or that begin something else where a value is expected.
    private static let keywords: Set<String> = Set(
        ("as associatedtype break case catch class continue default defer deinit do else enum extension fallthrough false "
            + "fileprivate for func guard if import in inout internal is let nil operator precedencegroup private protocol "
            + "public repeat rethrows return static struct subscript super switch throw throws true try typealias var where "
            + "while any async await borrow consume copy discard each some unsafe yield")
            .split(separator: " ").map(String.init))
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

    /// Lower as far as the capitals of its beginning are an acronym: all of them but the one that begins a word.
    fileprivate var loweredStart: String {
        let capitals = prefix { $0.isUppercase }
        guard capitals.count > 1 else { return prefix(1).lowercased() + dropFirst() }
        let isBeforeWord = dropFirst(capitals.count).first?.isLowercase == true
        let count = isBeforeWord ? capitals.count - 1 : capitals.count
        return prefix(count).lowercased() + dropFirst(count)
    }
}
