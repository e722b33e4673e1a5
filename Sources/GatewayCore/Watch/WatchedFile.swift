import Logging
package import NIOCore
import Synchronization

/// A file of keys, users or the like, whose contents all event loops use and which may change at any time.
///
/// It is read on threads that may block: before plans are built, and again after a change. All event loops get the new
/// contents at once. A file that cannot be used is logged once, and the last good contents stay in use.
package final class WatchedFile<Contents: AnyObject & Sendable>: FileOfPlans {
    /// Turns the text of the file into what requests need.
    package typealias Parse = @Sendable (_ text: String) throws(FileProblem) -> Contents

    private let path: String
    /// The path as written, for messages.
    private let name: String
    private let log: Logger
    private let parse: Parse
    private let state: Mutex<State>
    /// Increases with each change of the contents.
    private let number = Atomic(0)

    private struct State {
        var watch: FileWatch
        var contents: Contents
        /// Why the file, which has changed, is not used; nil if it is.
        var rejection: FileProblem?
    }

    /// Reads a file.
    ///
    /// - Throws: Why it cannot be used.
    init(_ path: String, name: String, log: Logger, parse: @escaping Parse) throws(FileProblem) {
        self.path = path
        self.name = name
        self.log = log
        self.parse = parse
        // The version first: a file that changes while it is read is read again.
        let watch = FileWatch(FileWatch.Version(of: path))
        let contents = try parse(try FileProblem.text(of: path))
        self.state = Mutex(State(watch: watch, contents: contents))
    }

    /// The last good contents.
    package var contents: Contents { self.state.withLock { $0.contents } }

    package func look(at now: NIODeadline) {
        let isDue = self.state.withLock { state in
            // A file without read permission has no other version once it is readable.
            state.watch.see(FileWatch.Version(of: self.path), at: now) == .read || state.rejection?.isTemporary == true
        }
        guard isDue else { return }
        do throws(FileProblem) {
            try self.read()
            self.log.notice("file read again", metadata: ["file": "\(self.name)"])
        } catch {
            let isNew = self.state.withLock { state in
                defer { state.rejection = error }
                return state.rejection != error
            }
            guard isNew else { return }
            self.log.error(
                "file rejected; its previous contents stay in use",
                metadata: ["file": "\(self.name)", "reason": "\(error)"]
            )
        }
    }

    /// Reads the file now, whether it has changed or not.
    package func read() throws(FileProblem) {
        let watch = FileWatch(FileWatch.Version(of: self.path))
        let contents = try self.parse(try FileProblem.text(of: self.path))
        self.state.withLock { state in
            state.watch = watch
            state.contents = contents
            state.rejection = nil
            self.number.add(1, ordering: .releasing)
        }
    }

    /// Creates the reader of one event loop, which takes no lock while the file does not change.
    package func makeReader() -> Reader {
        let number = self.number.load(ordering: .acquiring)
        return Reader(file: self, number: number, contents: self.contents)
    }

    /// Reads the contents on one event loop.
    package struct Reader {
        private let file: WatchedFile
        private var number: Int
        private var contents: Contents

        fileprivate init(file: WatchedFile, number: Int, contents: Contents) {
            self.file = file
            self.number = number
            self.contents = contents
        }

        /// The last good contents.
        package var current: Contents {
            mutating get {
                let number = self.file.number.load(ordering: .acquiring)
                if number != self.number {
                    self.number = number
                    self.contents = self.file.contents
                }
                return self.contents
            }
        }
    }
}

/// A file that plans use and that is looked at while the gateway runs.
package protocol FileOfPlans: AnyObject, Sendable {
    /// Reads the file again if it has changed. It blocks; never call it on an event loop.
    func look(at now: NIODeadline)
}
