import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct TargetSetTests {
    @Test(arguments: [0, 1, 63, 64, 65, 128, 200])
    func `a set can contain any number of targets`(count: Int) {
        var set = TargetSet(allOf: count)
        #expect(set.count == count)
        #expect(set.isEmpty == (count == 0))
        #expect((0..<300).filter { set.contains($0) } == Array(0..<count))
        for target in 0..<count where target.isMultiple(of: 2) { set.remove(target) }
        #expect((0..<300).filter { set.contains($0) } == (0..<count).filter { !$0.isMultiple(of: 2) })
        for target in 0..<count { set.remove(target) }
        #expect(set.isEmpty)
        #expect(set == TargetSet())
        set.remove(1_000)
        #expect(set == TargetSet())
        var rest = TargetSet(allOf: count)
        var removed = TargetSet()
        for target in 0..<count where target.isMultiple(of: 3) { removed.insert(target) }
        rest.subtract(removed)
        #expect((0..<300).filter { rest.contains($0) } == (0..<count).filter { !$0.isMultiple(of: 3) })
        #expect(!set.contains(-1))
    }
}
