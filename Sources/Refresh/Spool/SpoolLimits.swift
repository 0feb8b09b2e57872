/// How large the spool may grow, and how patient it is.
package struct SpoolLimits: Hashable, Sendable {
    /// Of all files of this instance's own set, what is reserved included.
    package let maxBytes: Int
    /// Answers that wait for the database, reservations included.
    package let maxRecords: Int
    /// What one reservation sets aside: no answer is longer. An access token has 64 KiB at most, a refresh token 8 KiB, and
    /// the rest is small.
    package let maxAnswerBytes: Int
    /// A file that has grown so far is followed by the next one.
    package let segmentBytes: Int
    /// Longest wait of one ``RefreshSpool/append(_:_:)``: a disk that hangs counts as one that fails.
    package let appendTimeout: Duration
    /// How often a disk that failed is tried again.
    package let retryInterval: Duration

    package init(
        maxBytes: Int = 64 << 20, maxRecords: Int = 16_384, maxAnswerBytes: Int = 96 << 10,
        segmentBytes: Int = 4 << 20, appendTimeout: Duration = .seconds(5), retryInterval: Duration = .seconds(5)
    ) {
        self.maxBytes = maxBytes
        self.maxRecords = maxRecords
        self.maxAnswerBytes = maxAnswerBytes
        // A small spool in a few large files could give back nothing while one answer waits.
        self.segmentBytes = max(16 << 10, min(segmentBytes, maxBytes / 8))
        self.appendTimeout = appendTimeout
        self.retryInterval = retryInterval
    }
}

/// Why the spool takes no answer.
package enum SpoolError: Error, Hashable, Sendable {
    /// Bytes or records have reached their limit, or the answer is longer than a reservation: ask the token endpoint for
    /// nothing that can't be asked for again.
    case full
    /// The disk failed or hangs; the code is in the log. The spool tries it again by itself.
    case unusable
    /// Closed, for good.
    case closed
}

/// Why there is no spool.
package enum SpoolOpenError: Error, Hashable, Sendable {
    /// Neither the directory nor the one that it would lie in exists.
    case missingParent
    case notADirectory
    /// The last part of the path is a symbolic link.
    case symbolicLink
    /// The group or others may enter it; `chmod 700` mends it.
    case openToOthers
    /// It belongs to somebody who is neither root nor this process's user.
    case foreignOwner
    /// Any other refusal of the kernel, with its `errno`.
    case refused(code: Int32)
    /// The active root key did not wrap the spool's key.
    case rootKey
    /// The process has no thread left.
    case noThread
}

/// Room for one answer, to be used up by one append or given back by one cancel.
package struct SpoolReservation: Hashable, Sendable {
    let id: UInt64
}

/// Names one answer in the spool; good in the process that got it, and no longer.
package struct SpoolTicket: Hashable, Sendable {
    /// 0 for the spool's own set; others count the sets that it adopted.
    let set: UInt64
    let sequence: UInt64
}

/// How the spool is, for metrics, `doctor` and operators.
package struct SpoolStatus: Hashable, Sendable {
    package let limits: SpoolLimits
    /// Answers of this instance that wait for the database.
    package var pendingRecords = 0
    /// Bytes of its files, answers that no longer wait included until their file goes.
    package var diskBytes = 0
    /// Reservations that are neither used nor cancelled.
    package var reservations = 0
    /// How long the oldest of the pending answers has waited; nil for none.
    package var oldestAge: Duration?
    /// False from a failure of the disk until a try succeeds.
    package var isUsable = true
    /// Answers taken over from instances that ended, not yet removed.
    package var adoptedRecords = 0
    /// Records that could not be read, since the start.
    package var damagedRecords = 0
    /// File sets that could not be opened (their root key is missing, their head is damaged), since the start.
    package var unreadableSets = 0
    /// Answers made durable, since the start.
    package var appended = 0
    /// Calls of `fdatasync` for them, since the start.
    package var syncs = 0
    /// Failures of the disk, since the start.
    package var diskFailures = 0
}
