import GatewayCore
import NIOCore
import Testing

struct FileWatchTests {
    typealias Version = FileWatch.Version

    private static func version(_ number: UInt64) -> Version {
        Version(realPath: "/etc/gateway.toml", inode: number, size: 10, modified: 1)
    }

    /// A look at the file: the time in milliseconds, the number of its version (0: there is no file), and its text if
    /// the watch then reads it.
    private typealias Look = (time: Int64, version: UInt64, text: String?)

    /// Returns the times at which the file counts as changed. It begins as version 1 with the text "a".
    private func changes(_ looks: [Look]) -> [Int64] {
        var watch = FileWatch(Self.version(1), .text("a"))
        var changes: [Int64] = []
        for look in looks {
            let version = look.version == 0 ? nil : Self.version(look.version)
            let action = watch.see(version, at: .uptimeNanoseconds(0) + .milliseconds(look.time))
            #expect(action == (look.text == nil ? .wait : .read), "at \(look.time) ms")
            guard let text = look.text else { continue }
            if watch.read(.text(text)) == .changed { changes.append(look.time) }
        }
        return changes
    }

    @Test func `an untouched file never changes`() {
        #expect(changes([(0, 1, nil), (250, 1, nil), (500, 1, nil), (5000, 1, nil)]) == [])
    }

    @Test func `a change counts once it has rested for half a second`() {
        #expect(
            changes([(0, 1, nil), (250, 2, nil), (500, 2, nil), (749, 2, nil), (750, 2, "b"), (1000, 2, nil)]) == [750]
        )
    }

    @Test func `each further write begins the rest anew`() {
        #expect(
            changes([(0, 2, nil), (250, 3, nil), (500, 4, nil), (750, 4, nil), (1000, 4, "b"), (1250, 4, nil)]) == [
                1000
            ]
        )
    }

    @Test func `the same text under another version is no change`() {
        #expect(changes([(0, 2, nil), (500, 2, "a"), (750, 2, nil), (1000, 3, nil), (1500, 3, "b")]) == [1500])
    }

    @Test func `a missing file is no change, and the file that replaces it counts`() {
        #expect(changes([(0, 0, nil), (250, 0, nil), (5000, 0, nil), (5250, 2, nil), (5750, 2, "b")]) == [5750])
    }

    @Test func `a file that vanishes while it changes must rest again`() {
        #expect(changes([(0, 2, nil), (250, 0, nil), (500, 2, nil), (750, 2, nil), (1000, 2, "b")]) == [1000])
    }

    @Test func `a version that returns is no change`() {
        #expect(changes([(0, 2, nil), (250, 1, nil), (500, 1, nil), (1000, 1, nil)]) == [])
    }

    @Test func `a text that returns after another one counts again`() {
        #expect(changes([(0, 2, nil), (500, 2, "b"), (750, 3, nil), (1250, 3, "a")]) == [500, 1250])
    }

    @Test(arguments: [
        Version(realPath: "/etc/..data_2/gateway.toml", inode: 1, size: 10, modified: 1),
        Version(realPath: "/etc/gateway.toml", inode: 2, size: 10, modified: 1),
        Version(realPath: "/etc/gateway.toml", inode: 1, size: 11, modified: 1),
        Version(realPath: "/etc/gateway.toml", inode: 1, size: 10, modified: 2),
    ])
    func `the real path, inode, size and time of modification distinguish versions`(version: Version) {
        var watch = FileWatch(Self.version(1), .text("a"))
        #expect(watch.see(version, at: .uptimeNanoseconds(0)) == .wait)
        #expect(watch.see(version, at: .uptimeNanoseconds(0) + FileWatch.rest) == .read)
    }

    @Test func `a file that can no longer be read is a change`() {
        var watch = FileWatch(Self.version(1), .text("a"))
        _ = watch.see(Self.version(2), at: .uptimeNanoseconds(0))
        #expect(watch.see(Self.version(2), at: .uptimeNanoseconds(0) + .seconds(1)) == .read)
        #expect(watch.read(.unreadable) == .changed)
        #expect(watch.read(.unreadable) == .unchanged)
        #expect(watch.read(.text("a")) == .changed)
    }

    @Test func `a file that appears later counts`() {
        var watch = FileWatch(nil, .unreadable)
        #expect(watch.see(nil, at: .uptimeNanoseconds(0)) == .wait)
        #expect(watch.see(Self.version(1), at: .uptimeNanoseconds(0)) == .wait)
        #expect(watch.see(Self.version(1), at: .uptimeNanoseconds(0) + .seconds(1)) == .read)
        #expect(watch.read(.text("a")) == .changed)
    }
}
