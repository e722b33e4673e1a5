/// The position of a purge among those of one store. A response whose request was sent with a stamp is concerned by later
/// purges only.
package struct PurgeStamp: RawRepresentable, Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    /// Before every purge.
    package static let none = PurgeStamp(rawValue: 0)

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (left: PurgeStamp, right: PurgeStamp) -> Bool { left.rawValue < right.rawValue }
}
