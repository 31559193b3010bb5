#nullable enable
using System.Collections.Generic;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Core.Models;

namespace Altinn.App.Logic.Pdf;

/// <summary>Leaves the introduction and the free text out of the PDF.</summary>
public class ShortPdf : IPdfFormatter
{
    private static readonly string[] _pages = ["Intro", "Comments"];

    public Task<LayoutSettings> FormatPdf(LayoutSettings layoutSettings, object data)
    {
        layoutSettings.Pages ??= new Pages();
        layoutSettings.Pages.ExcludeFromPdf ??= new List<string>();
        layoutSettings.Pages.ExcludeFromPdf.AddRange(_pages);
        return Task.FromResult(layoutSettings);
    }
}
