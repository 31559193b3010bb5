using System.Text.Json.Nodes;
using Xunit;

namespace Altinn.App.Tests;

public class TextResourceTests
{
    [Theory]
    [InlineData("nn")]
    [InlineData("en")]
    public void Has_the_same_keys_as_bokmal(string language) => Assert.Equal(Keys("nb"), Keys(language));

    [Fact]
    public void Northern_sami_has_no_unknown_keys() => Assert.Subset(Keys("nb"), Keys("se"));

    private static SortedSet<string> Keys(string language)
    {
        JsonNode file = AppFiles.Read($"config/texts/resource.{language}.json");
        Assert.Equal(language, file["language"]!.GetValue<string>());
        return new(file["resources"]!.AsArray().Select(r => r!["id"]!.GetValue<string>()), StringComparer.Ordinal);
    }
}
