internal import CSodium
private import Synchronization

/// Where a secret lies: a slot of a slab page, or an allocation of its own.
@safe
struct SecretAllocation {
    let address: UnsafeMutableRawPointer
    /// Usable bytes, at least what was asked for.
    let capacity: Int
    /// Index of the slab page, or -1 for an allocation of its own.
    fileprivate let page: Int
    fileprivate let slot: Int
}

/// Locked, guarded memory for secrets, in slots of eight sizes.
///
/// One `sodium_malloc` costs about 35 µs and 16 KiB of address space, too much for each credential, so a few large ones
/// are cut into pages of 4 KiB, each page into slots of one size. Bookkeeping lies in ordinary memory: a secret's
/// neighbour is never a free-list pointer. Larger secrets get a `sodium_malloc` of their own. Regions are kept until
/// the process ends; a page that empties serves any size again.
///
/// Locking is checked, not assumed: `sodium_malloc` ignores a refusal, so each region is locked once more and the
/// answer counted.
final class SecretArena: Sendable {
    static let shared = SecretArena()

    static let pageSize = 4096
    static let pagesPerRegion = 64
    private static let smallestSlot = 32
    private static let sizeClasses = 8

    private let pool = Mutex(Pool(classes: sizeClasses))

    /// At least `count` zeroed bytes. The caller gives them back with `release`, exactly once.
    func allocate(_ count: Int) -> SecretAllocation {
        Library.ensureReady()
        guard count <= Self.pageSize else { return allocateAlone(count) }
        let sizeClass = Self.sizeClass(for: count)
        return pool.withLock { pool in
            if let allocation = pool.takeSlot(sizeClass) { return allocation }
            if !pool.hasFreePage { pool.addRegion() }
            pool.openPage(sizeClass)
            guard let allocation = pool.takeSlot(sizeClass) else {
                preconditionFailure("a page that was just opened has a free slot")
            }
            return allocation
        }
    }

    /// Wipes the bytes and makes the slot available.
    func release(_ allocation: SecretAllocation) {
        unsafe sodium_memzero(allocation.address, allocation.capacity)
        if allocation.page >= 0 {
            let (page, slot) = (allocation.page, allocation.slot)
            pool.withLock { $0.giveBack(page: page, slot: slot) }
        } else {
            unsafe sodium_free(allocation.address)
            let count = allocation.capacity
            pool.withLock { $0.forgetAlone(count) }
        }
    }

    var status: SecretMemory.Status {
        pool.withLock { $0.status }
    }

    /// Makes sure that one region exists, so that a refusal to lock shows at start.
    func prepare() {
        Library.ensureReady()
        pool.withLock { pool in
            if pool.status.regions == 0 { pool.addRegion() }
        }
    }

    private func allocateAlone(_ count: Int) -> SecretAllocation {
        let (address, isLocked) = unsafe Self.lockedMemory(count)
        pool.withLock { $0.noteAlone(count, isLocked: isLocked) }
        return unsafe SecretAllocation(address: address, capacity: count, page: -1, slot: 0)
    }

    private static func sizeClass(for count: Int) -> Int {
        guard count > smallestSlot else { return 0 }
        // 32 is 2^5: the class is the number of doublings of the smallest slot.
        return (Int.bitWidth - (count - 1).leadingZeroBitCount) - 5
    }

    static func slotSize(_ sizeClass: Int) -> Int {
        smallestSlot << sizeClass
    }

    /// Guarded, zeroed memory outside dumps, and whether the kernel holds it in RAM.
    ///
    /// Stops the process if there is no memory, as every other allocation does.
    fileprivate static func lockedMemory(_ count: Int) -> (address: UnsafeMutableRawPointer, isLocked: Bool) {
        guard let address = unsafe sodium_malloc(count) else {
            fatalError("no memory for secrets")
        }
        let isLocked = unsafe sodium_mlock(address, count) == 0
        unsafe sodium_memzero(address, count)
        return unsafe (address, isLocked)
    }
}

/// Regions, pages and what is free; guarded by the arena's mutex. Safe: an address leaves it only as a slot's.
@safe
private struct Pool: ~Copyable {
    private struct Page {
        /// -1 while the page belongs to no size.
        var sizeClass = -1
        var used = 0
        /// Place in `available[sizeClass]`, or -1 if the page is full or free.
        var position = -1
        /// One bit a slot, set while it is taken; 128 slots at most.
        var taken: (low: UInt64, high: UInt64) = (0, 0)
    }

    /// Addresses of the regions; each holds `SecretArena.pagesPerRegion` pages in a row.
    private var regions: [UnsafeMutableRawPointer] = unsafe []
    private var pages: [Page] = []
    private var freePages: [Int] = []
    /// For each size the pages that have a free slot.
    private var available: [[Int]]
    private(set) var status = SecretMemory.Status()

    init(classes: Int) {
        available = Array(repeating: [], count: classes)
    }

    var hasFreePage: Bool { !freePages.isEmpty }

    mutating func addRegion() {
        let size = SecretArena.pageSize * SecretArena.pagesPerRegion
        let (address, isLocked) = unsafe SecretArena.lockedMemory(size)
        unsafe sallyport_wipe_on_fork(address, size)
        unsafe regions.append(address)
        status.regions += 1
        note(size, isLocked: isLocked)
        let first = pages.count
        for index in (first..<first + SecretArena.pagesPerRegion).reversed() { freePages.append(index) }
        pages.append(contentsOf: repeatElement(Page(), count: SecretArena.pagesPerRegion))
    }

    mutating func openPage(_ sizeClass: Int) {
        guard let index = freePages.popLast() else { return }
        pages[index] = Page(sizeClass: sizeClass, position: available[sizeClass].count)
        available[sizeClass].append(index)
    }

    mutating func takeSlot(_ sizeClass: Int) -> SecretAllocation? {
        guard let index = available[sizeClass].last else { return nil }
        let size = SecretArena.slotSize(sizeClass)
        let slot = Self.firstFree(pages[index].taken)
        Self.flip(&pages[index].taken, slot)
        pages[index].used += 1
        if pages[index].used == SecretArena.pageSize / size {
            available[sizeClass].removeLast()
            pages[index].position = -1
        }
        status.liveSecrets += 1
        let region = unsafe regions[index / SecretArena.pagesPerRegion]
        let offset = index % SecretArena.pagesPerRegion * SecretArena.pageSize + slot * size
        return unsafe SecretAllocation(address: region + offset, capacity: size, page: index, slot: slot)
    }

    mutating func giveBack(page index: Int, slot: Int) {
        Self.flip(&pages[index].taken, slot)
        pages[index].used -= 1
        status.liveSecrets -= 1
        let sizeClass = pages[index].sizeClass
        if pages[index].position < 0 {
            pages[index].position = available[sizeClass].count
            available[sizeClass].append(index)
        }
        // One empty page a size stays open, so that a lone secret that comes and goes does not reopen it each time.
        if pages[index].used == 0, available[sizeClass].count > 1 { closePage(index, sizeClass) }
    }

    mutating func noteAlone(_ count: Int, isLocked: Bool) {
        status.liveSecrets += 1
        status.largeSecrets += 1
        note(count, isLocked: isLocked)
        if !isLocked { status.unlockedLargeSecrets += 1 }
    }

    mutating func forgetAlone(_ count: Int) {
        status.liveSecrets -= 1
        status.largeSecrets -= 1
        // Which of them was locked is not kept: an unlocked one is assumed to go first, so the figure errs low.
        if status.unlockedLargeSecrets > 0 {
            status.unlockedLargeSecrets -= 1
        } else {
            status.lockedBytes -= count
        }
    }

    private mutating func note(_ count: Int, isLocked: Bool) {
        if isLocked { status.lockedBytes += count } else { status.lockFailures += 1 }
    }

    private mutating func closePage(_ index: Int, _ sizeClass: Int) {
        let position = pages[index].position
        let last = available[sizeClass].count - 1
        let moved = available[sizeClass][last]
        available[sizeClass][position] = moved
        pages[moved].position = position
        available[sizeClass].removeLast()
        pages[index] = Page()
        freePages.append(index)
    }

    private static func firstFree(_ taken: (low: UInt64, high: UInt64)) -> Int {
        taken.low != .max ? (~taken.low).trailingZeroBitCount : 64 + (~taken.high).trailingZeroBitCount
    }

    private static func flip(_ taken: inout (low: UInt64, high: UInt64), _ slot: Int) {
        if slot < 64 { taken.low ^= 1 << UInt64(slot) } else { taken.high ^= 1 << UInt64(slot - 64) }
    }
}
