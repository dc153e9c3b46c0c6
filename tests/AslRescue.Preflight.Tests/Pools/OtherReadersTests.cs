using AslRescue.Preflight.Network;
using AslRescue.Preflight.Pools;
using CsCheck;

namespace AslRescue.Preflight.Tests.Pools;

public sealed class OtherReadersTests
{
    [Fact]
    public void Zpool_import_lists_names_states_and_foreign_pools() => Assert.Equal(
        [
            new ImportablePool("rescuepool", 4207341592117738091, "ONLINE", IsForeign: false, IsDestroyed: false),
            new ImportablePool("crashedroot", 11836502947162540377, "DEGRADED", IsForeign: true, IsDestroyed: false),
            new ImportablePool("old", 7, "ONLINE", IsForeign: false, IsDestroyed: true),
        ],
        ZpoolImportReader.Read(
            """
               pool: rescuepool
                 id: 4207341592117738091
              state: ONLINE
             action: The pool can be imported using its name or numeric identifier.
             config:

            	rescuepool  ONLINE
            	  vda1      ONLINE

               pool: crashedroot
                 id: 11836502947162540377
              state: DEGRADED
            status: The pool was last accessed by another system.
             action: The pool can be imported using its name or numeric identifier and
            	the '-f' flag.
               see: https://openzfs.github.io/openzfs-docs/msg/ZFS-8000-EY

               pool: old
                 id: 7
              state: ONLINE (DESTROYED)
            """));

    [Theory]
    [InlineData("no pools available to import\n")]
    [InlineData("pool: x\n")]
    [InlineData("")]
    public void Zpool_import_without_a_list_names_no_pool(string text) => Assert.Empty(ZpoolImportReader.Read(text));

    [Fact]
    public void Random_text_never_throws() => Gen.String[0, 300].Sample(text =>
    {
        ZpoolImportReader.Read(text);
        _ = LinkFacts.FourIn(text).Count() + LinkFacts.SixIn(text).Count();
    });
}
