import Foundation
import Testing

/// Inputs found by the fuzzer, and the initial ones.
struct ReplayTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test(arguments: FuzzTarget.allCases)
    func `every known input passes`(target: FuzzTarget) throws {
        let seeds = try Self.inputs("corpus", target)
        #expect(!seeds.isEmpty, "no corpus")
        for (name, input) in try seeds + Self.inputs("crashes", target) {
            #expect(throws: Never.self, "\(name)") { try target.check(input) }
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `the shortest inputs pass`(target: FuzzTarget) throws {
        try target.check([])
        for byte in UInt8.min ... .max { try target.check([byte]) }
    }

    private static func inputs(_ kind: String, _ target: FuzzTarget) throws -> [(name: String, [UInt8])] {
        let folder = self.folder.appendingPathComponent(kind).appendingPathComponent(target.rawValue)
        // Most targets have no crashes, and so no folder.
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
    }
}
