import Testing

@testable import LibXML

@Suite("Reading XML in pieces")
struct XMLPushParserTests {
    @Test func `elements, attributes and wanted text come in document order`() throws {
        let document = Array("<a b='1'><text>x&lt;<![CDATA[<y>]]>&#x20AC;</text>z<c/></a>".utf8)
        #expect(try XMLRecorder.events(document) == ["<a b=1", "<text", "\"x<<y>€\">", "<c", ">", ">"])
    }

    @Test func `an ampersand in a value is one, however it is written`() throws {
        let document = Array("<a b='&amp;' c='&#38;&#x26;' d='&amp;#38;' e='&amp;amp;&lt;&quot;&apos;'/>".utf8)
        #expect(try XMLRecorder.events(document) == ["<a b=& c=&& d=&#38; e=&amp;<\"'", ">"])
    }

    @Test func `text of children is none of the element's`() throws {
        let document = Array("<text>a<b>c</b>d</text>".utf8)
        #expect(try XMLRecorder.events(document) == ["<text", "<b", ">", "\"ad\">"])
    }

    @Test func `namespaces are resolved, and a prefix that nobody declared is told as it is`() throws {
        let document = Array("<x:a xmlns:x='urn:x' xmlns='urn:d' x:b='1' s:c='2' d='3'><e/><y:f/></x:a>".utf8)
        #expect(
            try XMLRecorder.events(document)
                == ["<{urn:x}a {urn:x}b=1 s:c=2 d=3", "<{urn:d}e", ">", "<y:f", ">", ">"])
    }

    @Test(arguments: 1...40)
    func `pieces of any length give the same events`(length: Int) throws {
        let document = Array(
            "<?xml version='1.0' encoding='utf-8'?><!-- - --><a é='ü'>\n<text>日本𝄞</text><?p q?></a>\n".utf8)
        #expect(try XMLRecorder.events(document, length: length) == XMLRecorder.events(document))
    }

    @Test func `the vocabulary's names have its codes, others the next ones`() throws {
        let recorder = try XMLRecorder(vocabulary: ["b", "a"])
        final class Codes: XMLHandler {
            var codes: [UInt16] = []
            func start(_ tag: borrowing XMLStartTag) -> XMLFollowUp {
                codes.append(tag.name.code)
                return .children
            }
            func end(text: XMLString?) -> Bool { true }
        }
        let codes = Codes()
        try recorder.parser.append(Array("<a><b/><c/><a/><c/><d/></a>".utf8), to: codes)
        try recorder.parser.finish(codes)
        #expect(codes.codes == [1, 0, 2, 1, 2, 3])
    }

    @Test func `equal values are one text`() throws {
        var strings = XMLStrings()
        var seen: [String: XMLString] = [:]
        for round in 0..<2 {
            for number in 0..<5_000 {
                let text = String(repeating: "v", count: number % 23) + "\(number)"
                let string = strings.intern(Array(text.utf8))
                #expect(strings[string] == text)
                if round == 0 { seen[text] = string } else { #expect(seen[text] == string) }
            }
        }
        #expect(Set(seen.values).count == 5_000)
    }

    @Test func `a handler that stops is not called again`() throws {
        let recorder = try XMLRecorder()
        recorder.stopAfter = 2
        let document = Array("<a><b/><c/><d/></a>".utf8)
        let error = #expect(throws: XMLParserError.self) {
            try recorder.parser.append(document, to: recorder)
            try recorder.parser.finish(recorder)
        }
        #expect(error?.reason == .stopped)
        #expect(recorder.events.count == 4)
        #expect(throws: XMLParserError(.stopped, at: error?.position ?? XMLPosition())) {
            try recorder.parser.append(document, to: recorder)
        }
    }

    @Test(arguments: [
        "", "a", "<a", "<a>", "<a></b>", "<a/><b/>", "<a b='1' b='2'/>", "<a b=1/>", "<a b='<'/>", "<a>&b;</a>",
        "<a>&#0;</a>",
        "<a>\u{1}</a>", "</a>", "<a><!-- -- --></a>", "<a>]]></a>", "<1/>", "<a:b:c xmlns:a='u'/>", "<?xml?><a/>",
        "<?xml version='1.0'?><?xml version='1.0'?><a/>", " <?xml version='1.0'?><a/>", "<x:a xmlns:x=''/>",
        "<a xmlns:x='u' xmlns:y='u' x:b='' y:b=''/>",
    ])
    func `what is not well-formed is refused with a place`(text: String) {
        let error = XMLRecorder.error(text)
        #expect(error?.reason == .syntax)
        #expect((error?.position.line ?? 0) >= (text.isEmpty ? 0 : 1))
    }

    @Test func `the place is that of the error`() {
        #expect(XMLRecorder.error("<a>\n <b>\n  <c></d>\n </b></a>")?.position.line == 3)
    }
}

@Suite("Bounds of reading XML")
struct XMLLimitTests {
    @Test func `depth, bytes and text have limits that are reached and not passed`() {
        var limits = XMLLimits()
        (limits.maxDepth, limits.maxBytes, limits.maxTokenBytes) = (3, 100, 40)
        #expect(XMLRecorder.error("<a><b><c/></b></a>", limits: limits) == nil)
        #expect(XMLRecorder.error("<a><b><c><d/></c></b></a>", limits: limits)?.reason == .tooDeep)
        #expect(XMLRecorder.error("<a>" + String(repeating: " ", count: 93) + "</a>", limits: limits) == nil)
        #expect(
            XMLRecorder.error("<a>" + String(repeating: " ", count: 94) + "</a>", limits: limits)?.reason == .tooLarge)
        #expect(XMLRecorder.error("<text>" + String(repeating: "x", count: 40) + "</text>", limits: limits) == nil)
        #expect(
            XMLRecorder.error("<text>" + String(repeating: "x", count: 41) + "</text>", limits: limits)?.reason
                == .tooLarge)
    }

    @Test(arguments: [
        "<a b='%'/>", "<a b=\"%\"/>", "<a><!--%--></a>", "<a><?p %?></a>", "<a><b   %/></a>", "<a></a  %>",
    ])
    func `a token longer than allowed is refused, a shorter one read`(form: String) {
        var limits = XMLLimits()
        limits.maxTokenBytes = 64
        func document(_ count: Int) -> String {
            form.split(separator: "%", omittingEmptySubsequences: false).joined(
                separator: String(repeating: " ", count: count))
        }
        #expect(XMLRecorder.error(document(30), limits: limits) == nil)
        #expect(XMLRecorder.error(document(70), limits: limits)?.reason == .tooLarge)
    }

    @Test func `attributes are counted by tag, and what looks like one elsewhere isn't counted`() {
        var limits = XMLLimits()
        limits.maxAttributes = 3
        #expect(XMLRecorder.error("<a b='1' c='2' d='3'><b b='1' c='2' d='3'/></a>", limits: limits) == nil)
        #expect(XMLRecorder.error("<a b='1' c='2' d='3' e='4'/>", limits: limits)?.reason == .tooLarge)
        let quotes =
            "<a>'\"'\"'\"<!-- '\"<b c='>' -->\"'<![CDATA[<x a='' b='' c='' d=''>]]><?p '\"<?><b c='>\"' d=\">'\"/></a>"
        #expect(XMLRecorder.error(quotes, limits: limits) == nil)
    }

    @Test func `names and namespaces are counted`() {
        var limits = XMLLimits()
        (limits.maxNames, limits.maxNamespaces) = (3, 2)
        #expect(XMLRecorder.error("<a b='' c=''><a/></a>", limits: limits) == nil)
        #expect(XMLRecorder.error("<a b='' c='' d=''/>", limits: limits)?.reason == .tooLarge)
        limits.maxNames = 100
        #expect(XMLRecorder.error("<a xmlns='u'><b xmlns='v'/><c xmlns='w'/></a>", limits: limits) == nil)
        #expect(
            XMLRecorder.error("<a xmlns='u'><b xmlns='v'><c xmlns='w'/></b></a>", limits: limits)?.reason == .tooLarge)
    }

    @Test(arguments: ["<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a><!DOCTYPE a></a>"])
    func `a document type is refused`(text: String) {
        #expect(XMLRecorder.error(text)?.reason == .forbiddenConstruct)
        #expect(XMLRecorder.error("\n" + text)?.position.line == 2)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a long document comes byte by byte in linear time`() throws {
        let document = Array(("<a>" + String(repeating: "<b c='d'>e</b>", count: 5_000) + "</a>").utf8)
        #expect(try XMLRecorder.events(document, length: 1).count == 10_002)
    }
}

@Suite("What belongs to a document's texts")
struct XMLStringTableTests {
    @Test func `a table that was emptied has nothing of before, and takes values again`() {
        var table = XMLStringTable<String>()
        let texts = [7, 2, 500].map { XMLString(index: $0) }
        for text in texts { table[text] = "old" }
        table[texts[0]] = "older"
        #expect(texts.map { table[$0] } == ["older", "old", "old"])
        table.removeAll()
        #expect(table.isEmpty)
        #expect(texts.allSatisfy { table[$0] == nil })
        table[texts[1]] = "new"
        #expect(texts.map { table[$0] } == [nil, "new", nil])
    }
}
