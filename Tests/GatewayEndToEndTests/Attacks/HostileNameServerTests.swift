@testable import GatewayCore

#if os(Linux)
    import FoundationEssentials
    import NIOCore
    import Testing

    @testable import Gateway

    extension EndToEnd {
        /// What a name server, or an attacker who impersonates one, can send.
        @Suite struct HostileNameServerTests {
            /// The bytes of a response before they are corrupted. Its only address must never reach a client of the
            /// resolver.
            private static func forged(_ question: NameQuestion) -> [UInt8] {
                NameReply.message(
                    question,
                    [.address(question.kind == .ipv4 ? "127.6.6.6" : "::666")],
                    owner: question.name
                )
            }

            /// Bytes that do not answer the question asked.
            private static let ignored: [(String, @Sendable (NameQuestion) -> [UInt8])] = [
                ("nothing", { _ in [] }),
                ("half a header", { Array(forged($0)[..<6]) }),
                (
                    "random bytes",
                    { question in (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ Int(question.id)) } }
                ),
                (
                    "another ID",
                    { [UInt8(truncatingIfNeeded: ~$0.id >> 8), UInt8(truncatingIfNeeded: ~$0.id)] + forged($0)[2...] }
                ),
                (
                    "another question",
                    { question in
                        var message = forged(question)
                        message[13] = UInt8(ascii: "z")
                        return message
                    }
                ),
            ]

            @Test(arguments: Self.ignored.indices)
            func `responses that do not match the question are ignored`(_ index: Int) async throws {
                let (_, spoilt) = Self.ignored[index]
                try await withNameServer { question in
                    let good = NameReply.addresses("127.0.0.2").messages(to: question)
                    return .raw([spoilt(question)] + good)
                } _: { server in
                    try await withNames(quickSettings(server.address)) { names in
                        names.watch("api.test")
                        try await names.have("api.test", "127.0.0.2")
                    }
                }
            }

            /// Responses that break the rules of RFC 1035 section 4.1, from a server that sends nothing better.
            private static let malformed: [(String, @Sendable (NameQuestion) -> [UInt8])] = [
                (
                    "a name that points to itself",
                    { question in
                        var message = Array(forged(question)[..<(12 + question.bytes.count)])
                        let pointer = 0xC000 | UInt16(message.count)
                        message += [
                            UInt8(pointer >> 8), UInt8(pointer & 0xFF), 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 127, 6, 6, 6,
                        ]
                        return message
                    }
                ),
                (
                    "a name that points outside",
                    { question in
                        Array(forged(question)[..<(12 + question.bytes.count)])
                            + [0xFF, 0xFF, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 127, 6, 6, 6]
                    }
                ),
                (
                    "more data than there is",
                    { question in
                        var message = forged(question)
                        message[message.count - (question.kind == .ipv4 ? 6 : 18)] = 0xFF
                        return message
                    }
                ),
                ("a record cut off", { Array(forged($0).dropLast(3)) }),
                (
                    "an address of three bytes",
                    { question in
                        var message = Array(forged(question)[..<(12 + question.bytes.count)])
                        message += NameReply.name(question.name)
                        message += [0, UInt8(question.kind.rawValue), 0, 1, 0, 0, 0, 9, 0, 3, 127, 6, 6]
                        return message
                    }
                ),
                (
                    "65,535 records",
                    { question in
                        var message = forged(question)
                        (message[6], message[7]) = (0xFF, 0xFF)
                        return Array(message[..<(12 + question.bytes.count)])
                    }
                ),
            ]

            @Test(arguments: Self.malformed.indices)
            func `a malformed answer fails the look-up, and the next one can succeed`(_ index: Int) async throws {
                let (_, spoilt) = Self.malformed[index]
                try await withNameServer {
                    .raw([spoilt($0)])
                } _: { server in
                    var settings = quickSettings(server.address)
                    settings.schedule.timeout = .milliseconds(60)
                    try await withNames(settings) { names in
                        names.watch("api.test")
                        _ = try await names.failure(of: "api.test")
                        server.answer { _ in .addresses("127.0.0.2") }
                        try await names.have("api.test", "127.0.0.2")
                    }
                }
            }

            @Test func `mutated answers end in addresses or a failure`() async throws {
                let seeds = ByteCounter()
                try await withNameServer { question in
                    seeds.add(1)
                    var random = SeededGenerator(UInt64(seeds.value))
                    var message = NameReply.message(
                        question,
                        [
                            .alias(question.name, to: "b.test"),
                            .address(question.kind == .ipv4 ? "127.0.0.2" : "::1", seconds: 0),
                        ],
                        owner: "b.test"
                    )
                    for _ in 0..<Int.random(in: 1...4, using: &random) {
                        // The ID is kept, or the response would be ignored.
                        message[.random(in: 2..<message.count, using: &random)] = .random(in: 0...255, using: &random)
                    }
                    if random.once(in: 4) { message.removeLast(.random(in: 1..<20, using: &random)) }
                    return .raw([message])
                } _: { server in
                    var settings = quickSettings(server.address)
                    settings.schedule.timeout = .milliseconds(10)
                    settings.schedule.maxBackoff = .milliseconds(5)
                    try await withNames(settings) { names in
                        let some = (0..<20).map { "name\($0).test" }
                        for name in ["a.test"] + some { names.watch(name, every: .milliseconds(5)) }
                        try await eventually("many have been answered") {
                            seeds.value > Thoroughness.count(300, thorough: 1_000)
                        }
                        server.answer { _ in .addresses("127.0.0.9", seconds: 0) }
                        try await names.have("a.test", "127.0.0.9")
                    }
                }
            }

            @Test func `a flood of unsolicited responses does not delay the others`() async throws {
                try await withNameServer { question in
                    let wrong = Self.ignored[3].1(question)
                    let good = NameReply.addresses("127.0.0.2").messages(to: question)
                    return .raw([[UInt8]](repeating: wrong, count: 100) + good)
                } _: { server in
                    try await withNames(quickSettings(server.address)) { names in
                        names.watch("a.test", "b.test")
                        try await names.have("a.test", "127.0.0.2")
                        try await names.have("b.test", "127.0.0.2")
                    }
                }
            }

            // MARK: Leaks

            private static var openFiles: Int {
                (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
            }

            @Test func `unanswered look-ups leave no file open, and end when the resolver stops`() async throws {
                try await withNameServer { _ in
                    .silence
                } _: { silent in
                    // Includes TCP connections to a server that accepts and then says nothing.
                    try await withNameServer {
                        $0.isStream ? .silence : .truncated
                    } _: { server in
                        var settings = quickSettings("\(server.address),\(silent.address)")
                        settings.schedule.timeout = .milliseconds(15)
                        settings.schedule.maxLookups = 200
                        let before = Self.openFiles
                        try await withNames(settings) { names in
                            let many = (0..<50).map { "name\($0).test" }
                            for name in many { names.watch(name) }
                            for name in many { _ = try await names.failure(of: name) }
                            let asked = server.questions.count
                            try await eventually("they are queried again") { server.questions.count > asked + 200 }
                            for name in many { names.cancel(name) }
                            // Allows for the resolver's timer and for what the name server has not closed yet.
                            try await eventually("all are closed") { Self.openFiles <= before + 2 }
                        }
                        try await eventually("the timer is closed") { Self.openFiles <= before }
                    }
                }
            }

            @Test func `stopping cancels look-ups in progress`() async throws {
                try await withNameServer { _ in
                    .silence
                } _: { server in
                    let before = Self.openFiles
                    let names = WatchedNames(quickSettings(server.address))
                    names.watch("silent.test")
                    try await eventually("it is in progress") { !server.questions.isEmpty }
                    await names.resolver.stop()
                    #expect(names.history(of: "silent.test").isEmpty)
                    try await eventually("its sockets are closed") { Self.openFiles <= before }
                    // Later subscribers hear nothing, and nothing breaks.
                    names.watch("late.test")
                    await names.resolver.stop()
                }
            }
        }
    }
#endif
