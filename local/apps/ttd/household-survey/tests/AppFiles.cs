using System.Text.Json.Nodes;

namespace Altinn.App.Tests;

/// <summary>Finds the files of the app from where the tests run.</summary>
internal static class AppFiles
{
    public static string Root { get; } = FindRoot();

    public static JsonNode Read(string path) => JsonNode.Parse(File.ReadAllText(Path.Combine(Root, path)))!;

    public static IEnumerable<string> List(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories);

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "App.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("App.sln not found"), "App");
    }
}
