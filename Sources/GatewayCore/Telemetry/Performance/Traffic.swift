/// What happened to requests in a period.
package struct Traffic: Sendable {
    package var durations = DurationSummary()
    package var statuses = StatusCounts()

    package init() {}

    package mutating func add(_ other: Traffic) {
        self.durations.add(other.durations)
        self.statuses.add(other.statuses)
    }
}

/// How many requests had a status of each class.
///
/// Plain fields and no vector: the optimizer of Swift 6.3 loses the frame of an asynchronous function that holds a value
/// aligned to 64 bytes, and the program crashes.
package struct StatusCounts: Sendable, Hashable {
    private var none: UInt64 = 0
    private var informational: UInt64 = 0
    private var successful: UInt64 = 0
    private var redirection: UInt64 = 0
    private var clientError: UInt64 = 0
    private var serverError: UInt64 = 0

    package init() {}

    /// - Parameter counts: At least ``size`` numbers, by ``place(of:)``.
    init(_ counts: UnsafeMutableBufferPointer<UInt64>.SubSequence) {
        for (place, count) in zip(0..<Self.size, counts) { self[place] = count }
    }

    /// How many numbers there are.
    static let size = 6
    /// The classes of statuses, in order.
    package static let classes = 1...5

    /// Where a status counts: by its first digit. Place 0 counts what is no status.
    static func place(of status: Int) -> Int {
        let place = status / 100
        return self.classes.contains(place) ? place : 0
    }

    /// - Parameter class: 1 to 5; others are what is no status.
    package private(set) subscript(class: Int) -> UInt64 {
        get {
            switch `class` {
            case 1: self.informational
            case 2: self.successful
            case 3: self.redirection
            case 4: self.clientError
            case 5: self.serverError
            default: self.none
            }
        }
        set {
            switch `class` {
            case 1: self.informational = newValue
            case 2: self.successful = newValue
            case 3: self.redirection = newValue
            case 4: self.clientError = newValue
            case 5: self.serverError = newValue
            default: self.none = newValue
            }
        }
    }

    package var total: UInt64 {
        self.none + self.informational + self.successful + self.redirection + self.clientError + self.serverError
    }

    package mutating func add(_ other: StatusCounts) {
        self.none &+= other.none
        self.informational &+= other.informational
        self.successful &+= other.successful
        self.redirection &+= other.redirection
        self.clientError &+= other.clientError
        self.serverError &+= other.serverError
    }
}
