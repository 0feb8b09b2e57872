import Connections
import Domain
import Testing

@testable import Refresh

@Suite("Searching for what is due")
struct DueScanTests {
    /// A table of due rows, its clock, and a scan of it.
    private final class Bed {
        var rows: [DueRefresh] = []
        var shut: Set<TokenEndpointKey> = []
        private let start = ContinuousClock.Instant.now
        private(set) var now: ContinuousClock.Instant
        var scan: DueScan
        let settings: ScanSettings
        private(set) var pages = 0
        private(set) var rowsRead = 0
        /// What reading a page takes.
        var pageTime = Duration.zero

        init(_ change: (inout ScanSettings) -> Void = { _ in }) {
            var settings = ScanSettings()
            settings.pageRows = 100
            change(&settings)
            self.settings = settings
            now = start
            scan = DueScan(settings, now: start)
        }

        func time(_ instant: ContinuousClock.Instant) -> Timestamp { Timestamp(seconds: 0) + (instant - start) }

        func add(
            _ ids: Range<Int>, endpoint: Int = 0, dueIn wait: Duration = .zero, tenant: (Int) -> Int = { _ in 1 }
        ) {
            for id in ids {
                rows.append(
                    DueRefresh(
                        connectionID: .numbered(id),
                        scope: TenantScope(environmentID: .numbered(1), tenantID: .numbered(tenant(id))),
                        endpoint: .numbered(endpoint), dueAt: time(now) + wait))
            }
            rows.sort { ($0.dueAt, $0.connectionID) < ($1.dueAt, $1.connectionID) }
        }

        func pass(_ duration: Duration) { now += duration }

        /// Reads as often as it wants to now.
        func read() {
            scan.noteOpenings { shut.contains($0) }
            while scan.shouldRead(now: now) { readPage() }
        }

        func readPage() {
            let began = now
            now += pageTime
            let page = page(after: scan.position)
            (pages, rowsRead) = (pages + 1, rowsRead + page.rows.count)
            scan.take(page, began: began, now: now) { shut.contains($0) }
        }

        private func page(after position: DuePosition?) -> DuePage {
            var index = 0
            if let position {
                let passed = (position.dueAt, position.connectionID)
                index = partition { ($0.dueAt, $0.connectionID) > passed }
            }
            let end = partition { [now = time(now)] in $0.dueAt > now }
            let page = Array(rows[min(index, end)..<min(index + settings.pageRows, end)])
            let last = index + page.count < end ? page.last : nil
            return DuePage(
                rows: page, next: last.map { DuePosition(dueAt: $0.dueAt, connectionID: $0.connectionID) },
                untilNextDue: end < rows.count ? rows[end].dueAt - time(now) : nil, now: time(now))
        }

        /// The first row, in their order, of which it holds.
        private func partition(_ holds: (DueRefresh) -> Bool) -> Int {
            var (low, high) = (0, rows.count)
            while low < high {
                let middle = (low + high) / 2
                if holds(rows[middle]) { high = middle } else { low = middle + 1 }
            }
            return low
        }

        /// Takes rows in turn, and they are due no more.
        func work(_ limit: Int) -> [DueRefresh] {
            let taken = scan.next(upTo: limit) { $0.map { !shut.contains($0) } ?? true }
            let ids = Set(taken.map(\.connectionID))
            rows.removeAll { ids.contains($0.connectionID) }
            return taken
        }

        /// Until when it sleeps, if nobody tells anything.
        var sleep: Duration { scan.nextInstant(now: now) - now }
    }

    // MARK: Forward

    @Test func `each row is read once, however many there are`() {
        let bed = Bed()
        bed.add(0..<1_050)
        bed.read()
        #expect(bed.pages == 11 && bed.rowsRead == 1_050)
        #expect(bed.scan.queue.count == 1_050)
        bed.add(1_050..<1_060, dueIn: .seconds(2))
        bed.pass(.seconds(2))
        bed.read()
        #expect(bed.rowsRead == 1_050, "what is due now was not known then: it is looked for when it was told")
        bed.scan.note(rescan: false, look: true, now: bed.now)
        bed.pass(.seconds(1))
        bed.read()
        #expect(bed.rowsRead == 1_060, "and nothing that was read is read again")
        #expect(bed.scan.queue.count == 1_060)
    }

    @Test func `it sleeps until the next row is due`() {
        let bed = Bed()
        bed.add(0..<5)
        bed.add(5..<6, dueIn: .seconds(7))
        bed.read()
        #expect(bed.sleep == .seconds(7))
        bed.pass(.seconds(7))
        bed.read()
        #expect(bed.scan.queue.count == 6 && bed.rowsRead == 6)
    }

    @Test func `rows that become due one after the other are fetched together`() {
        let bed = Bed()
        for id in 0..<50 { bed.add(id..<(id + 1), dueIn: .milliseconds(1 + id)) }
        bed.read()
        #expect(bed.pages == 1 && bed.sleep == .milliseconds(50))
        bed.pass(.milliseconds(50))
        bed.read()
        #expect(bed.pages == 2 && bed.scan.queue.count == 50)
        #expect(bed.sleep >= .seconds(29), "nothing else is known to become due")
    }

    @Test func `a wait for the next row is neither shorter than a moment nor longer than half a minute`() {
        let bed = Bed()
        bed.add(0..<1, dueIn: .milliseconds(1))
        bed.read()
        #expect(bed.sleep == .milliseconds(50))
        bed.pass(.milliseconds(50))
        bed.add(1..<2, dueIn: .seconds(86_400))
        bed.read()
        #expect(bed.sleep <= .seconds(30))
        bed.pass(.seconds(30))
        #expect(bed.sleep <= .zero)
        bed.read()
        #expect(bed.sleep == .seconds(30))
    }

    @Test func `an announcement brings the next look forward, and never puts it off`() {
        let bed = Bed()
        bed.add(0..<1, dueIn: .seconds(20))
        bed.read()
        #expect(bed.sleep == .seconds(20))
        bed.scan.note(rescan: false, look: true, now: bed.now)
        #expect(bed.sleep == .milliseconds(250))
        bed.pass(.milliseconds(100))
        bed.scan.note(rescan: false, look: true, now: bed.now)
        #expect(bed.sleep == .milliseconds(150))
        bed.pass(.milliseconds(150))
        bed.read()
        #expect(bed.sleep > .seconds(19))
    }

    // MARK: From the start again

    @Test func `what was passed by is found within half a minute, should nobody tell`() {
        let bed = Bed()
        bed.add(0..<10)
        bed.read()
        _ = bed.work(10)
        bed.pass(.seconds(10))
        // Behind the cursor: its holder died, and its due time is what it was.
        bed.rows = []
        bed.add(3..<4, dueIn: .seconds(-10))
        bed.read()
        #expect(bed.scan.queue.isEmpty)
        bed.pass(.seconds(20))
        bed.read()
        #expect(bed.scan.queue.count == 1)
    }

    @Test func `it begins from the start where it is told to, and at most once a second`() {
        let bed = Bed()
        bed.add(0..<1)
        bed.read()
        bed.pass(.seconds(5))
        let before = bed.pages
        for _ in 0..<100 {
            bed.scan.note(rescan: true, look: false, now: bed.now)
            bed.read()
            bed.pass(.milliseconds(100))
        }
        #expect((10...11).contains(bed.pages - before))
    }

    @Test func `a pass that takes long is not begun again before twenty times as long`() {
        let bed = Bed()
        bed.pageTime = .seconds(1)
        bed.add(0..<400)
        bed.read()
        #expect(bed.pages == 4 && bed.sleep == .seconds(30))
        bed.pass(.seconds(31))
        bed.read()
        #expect(bed.pages > 4)
        bed.pass(.seconds(31))
        let before = bed.pages
        bed.read()
        #expect(bed.pages == before + 1, "a look ahead, and no pass")
    }

    @Test func `looks for what has become due never put the next pass off`() {
        let bed = Bed()
        bed.pageTime = .seconds(1)
        bed.add(0..<400)
        bed.read()
        _ = bed.work(400)
        // Behind the cursor, while every announcement has it look ahead.
        bed.add(500..<501, dueIn: .seconds(-60))
        var looks = 0
        while bed.scan.queue.isEmpty, looks < 1_000 {
            bed.scan.note(rescan: false, look: true, now: bed.now)
            bed.pass(.seconds(1))
            bed.read()
            looks += 1
        }
        #expect(looks > 10 && looks < 90, "found after \(looks) looks, of two seconds each")
    }

    @Test func `the time in which a pass waits for room doesn't keep it from beginning again`() {
        let bed = Bed { settings in
            settings.maxRows = 200
            settings.maxRowsPerTenant = 200
        }
        bed.add(0..<600) { $0 / 20 }
        var rounds = 0
        while !bed.rows.isEmpty, rounds < 1_000 {
            bed.read()
            _ = bed.work(1)
            bed.pass(.seconds(30))
            rounds += 1
        }
        #expect(rounds < 1_000)
        bed.read()
        #expect(bed.sleep <= .seconds(30), "five hours were spent on waiting, not on reading")
    }

    // MARK: Bounds

    @Test func `a tenant beyond its bound is fetched in parts, all of it, and delays nobody`() {
        let bed = Bed { $0.maxRowsPerTenant = 50 }
        bed.add(0..<1_000)
        bed.add(1_000..<1_001) { _ in 2 }
        bed.read()
        #expect(bed.scan.queue.count == 51)
        #expect(bed.work(2).map(\.scope.tenantID).contains(.numbered(2)))
        var rounds = 0
        while !bed.rows.isEmpty, rounds < 1_000 {
            _ = bed.work(10)
            bed.pass(.milliseconds(500))
            bed.read()
            #expect(bed.scan.queue.count <= 50)
            rounds += 1
        }
        #expect(bed.rows.isEmpty && rounds < 500)
    }

    @Test func `memory is bounded, and nothing is read while there is no room`() {
        let bed = Bed { settings in
            settings.maxRows = 500
            settings.maxRowsPerTenant = 500
        }
        bed.add(0..<1_500) { $0 }
        for index in bed.rows.indices { bed.rows[index] = bed.rows[index].at(.numbered(index % 50)) }
        bed.read()
        #expect((401...500).contains(bed.scan.queue.count))
        let pages = bed.pages
        bed.pass(.seconds(100))
        bed.scan.note(rescan: true, look: true, now: bed.now)
        bed.read()
        #expect(bed.pages == pages && bed.sleep == .seconds(30))
        var taken: Set<ConnectionID> = []
        var rounds = 0
        while !bed.rows.isEmpty, rounds < 1_000 {
            for row in bed.work(20) { #expect(taken.insert(row.connectionID).inserted, "twice") }
            bed.pass(.milliseconds(300))
            bed.read()
            #expect(bed.scan.queue.count <= 500)
            rounds += 1
        }
        #expect(taken.count == 1_500)
    }

    @Test func `an endpoint with a long backlog is not read from the start again and again`() {
        let bed = Bed { settings in
            settings.maxRows = 400
            settings.maxRowsPerTenant = 40
        }
        bed.add(0..<1_000) { $0 }
        bed.add(1_000..<1_010, endpoint: 1) { $0 }
        bed.read()
        #expect(bed.scan.queue.count(of: .numbered(0)) <= 200)
        #expect(bed.scan.queue.count(of: .numbered(1)) == 10, "whoever comes behind it is found")
        let pages = bed.pages
        for _ in 0..<25 {
            bed.pass(.seconds(1))
            _ = bed.work(1)
            bed.read()
        }
        #expect(bed.pages - pages <= 2, "it has enough to do")
        var rounds = 0
        while !bed.rows.isEmpty, rounds < 500 {
            _ = bed.work(40)
            bed.pass(.seconds(1))
            bed.read()
            rounds += 1
        }
        #expect(rounds <= 60, "and never runs dry")
    }

    @Test func `of an endpoint that is shut a few rows are kept, and the others are fetched when it opens`() {
        let bed = Bed()
        bed.shut = [.numbered(1)]
        bed.add(0..<500, endpoint: 1) { $0 }
        bed.add(2_000..<2_100, endpoint: 2) { _ in 7 }
        bed.read()
        #expect(bed.scan.queue.count(of: .numbered(1)) == 16)
        #expect(bed.scan.queue.count(of: .numbered(2)) == 100)
        #expect(bed.work(200).count == 100, "its rows wait, the others don't")
        bed.pass(.seconds(5))
        let pages = bed.pages
        bed.read()
        #expect(bed.pages == pages, "while it is shut nothing is read for its sake")
        bed.shut = []
        bed.read()
        #expect(bed.scan.queue.count(of: .numbered(1)) == 500)
    }

    @Test func `an endpoint that opens for a probe and shuts again fills no memory`() {
        let bed = Bed()
        bed.add(0..<1_000, endpoint: 1) { $0 / 2 }
        bed.shut = [.numbered(1)]
        for _ in 0..<50 {
            bed.read()
            bed.shut = []
            bed.scan.noteOpenings { bed.shut.contains($0) }
            // One page is read before its probe is sent; then it is shut again.
            if bed.scan.shouldRead(now: bed.now) { bed.readPage() }
            _ = bed.scan.next(upTo: 1) { _ in true }
            bed.shut = [.numbered(1)]
            bed.read()
            bed.pass(.seconds(30))
        }
        #expect(bed.scan.queue.count <= bed.settings.pageRows + 16)
    }

    // MARK: A database that doesn't answer

    @Test func `after a failure it looks again in a second, from the start`() {
        let bed = Bed()
        bed.add(0..<10)
        bed.read()
        _ = bed.scan.next(upTo: 10) { _ in true }
        bed.pass(.seconds(10))
        bed.scan.fail(now: bed.now)
        bed.read()
        #expect(bed.scan.queue.count == 10, "what was taken and is due still is found again")
        bed.scan.fail(now: bed.now)
        let pages = bed.pages
        bed.pass(.milliseconds(999))
        bed.read()
        #expect(bed.pages == pages)
        bed.pass(.milliseconds(1))
        bed.read()
        #expect(bed.pages == pages + 1)
    }

    @Test func `a database that stays away is asked once a second`() {
        let bed = Bed()
        var asked = 0
        for _ in 0..<1_000 {
            while bed.scan.shouldRead(now: bed.now) {
                asked += 1
                bed.scan.fail(now: bed.now)
            }
            #expect(bed.sleep > .zero && bed.sleep <= .seconds(1))
            bed.pass(.milliseconds(100))
        }
        #expect((90...110).contains(asked))
    }
}

extension DueRefresh {
    fileprivate func at(_ endpoint: TokenEndpointKey) -> DueRefresh {
        DueRefresh(connectionID: connectionID, scope: scope, endpoint: endpoint, dueAt: dueAt)
    }
}
