import Testing

/// The built binary against real software. One suite after the other: each starts processes of its own, and two cores
/// serve one of them well.
@Suite("The built sallyport", .serialized, .timeLimit(.minutes(10)))
enum EndToEnd {}
