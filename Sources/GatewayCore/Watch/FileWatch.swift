package import NIOCore

/// Decides when a file has changed: when its version has rested for a while and its text is another one.
///
/// It knows no files and no clocks. `FileWatcher` and ``WatchedFile`` feed it.
package struct FileWatch: Sendable {
    /// What distinguishes a version of a file without reading it. The real path changes when a symlink is replaced, as
    /// Kubernetes does to update a mounted file.
    package struct Version: Hashable, Sendable {
        package var realPath: String
        package var inode: UInt64
        package var size: Int64
        /// In nanoseconds since 1970.
        package var modified: Int64

        package init(realPath: String, inode: UInt64, size: Int64, modified: Int64) {
            self.realPath = realPath
            self.inode = inode
            self.size = size
            self.modified = modified
        }
    }

    package enum Content: Hashable, Sendable {
        case text(String)
        case unreadable
    }

    /// How often to look at the file.
    package static let interval = TimeAmount.milliseconds(250)
    /// How long a version must stay the same before it counts. Editors and copies write in several steps.
    package static let rest = TimeAmount.milliseconds(500)

    private enum State {
        /// → changing
        case resting
        /// → changing, resting
        case changing(Version, since: NIODeadline)
    }

    private var state = State.resting
    /// The version whose text was read; nil if there was no file.
    private var known: Version?
    private var content: Content

    /// - Parameters:
    ///   - version: The version of the file at the start; nil if there is no file.
    ///   - content: Its text. Not needed by those who never call ``read(_:)``.
    package init(_ version: Version?, _ content: Content = .unreadable) {
        self.known = version
        self.content = content
    }

    package enum OnVersion: Hashable, Sendable {
        case wait
        /// The file rests. Read it, and call ``read(_:)``.
        case read
    }

    /// Handles a look at the file. A missing file is no change: something is about to replace it.
    package mutating func see(_ version: Version?, at now: NIODeadline) -> OnVersion {
        guard let version, version != self.known else {
            self.state = .resting
            return .wait
        }
        guard case .changing(version, let since) = self.state else {
            self.state = .changing(version, since: now)
            return .wait
        }
        guard now - since >= Self.rest else { return .wait }
        self.state = .resting
        self.known = version
        return .read
    }

    package enum OnContent: Hashable, Sendable {
        case unchanged
        case changed
    }

    /// Handles the text of the version that was last seen.
    package mutating func read(_ content: Content) -> OnContent {
        guard content != self.content else { return .unchanged }
        self.content = content
        return .changed
    }
}
