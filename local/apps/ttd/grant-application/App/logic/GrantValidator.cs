using Altinn.App.Core.Features;
using Altinn.App.Core.Models.Validation;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;
using Microsoft.Extensions.Options;

namespace Altinn.App.Logic;

/// <summary>Checks the project period and the amount against the call.</summary>
public sealed class GrantValidator(IOptions<CallSettings> call) : IFormDataValidator
{
    public string DataType => nameof(Grant);

    public bool HasRelevantChanges(object current, object previous)
    {
        Project? now = ((Grant)current).Project;
        Project? before = ((Grant)previous).Project;
        return now?.StartDate != before?.StartDate || now?.EndDate != before?.EndDate || now?.Amount != before?.Amount;
    }

    public Task<List<ValidationIssue>> ValidateFormData(
        Instance instance,
        DataElement dataElement,
        object data,
        string? language
    )
    {
        List<ValidationIssue> issues = [];
        Project? project = ((Grant)data).Project;

        if (project is { StartDate: { } start, EndDate: { } end })
        {
            if (end < start)
            {
                issues.Add(Error("project.endDate", "validation.endBeforeStart"));
            }
            else if (end > start.AddYears(2))
            {
                issues.Add(Error("project.endDate", "validation.tooLong"));
            }
        }

        if (project?.Amount > call.Value.MaxAmount)
        {
            issues.Add(Error("project.amount", "validation.amountTooHigh"));
        }

        return Task.FromResult(issues);
    }

    private static ValidationIssue Error(string field, string textKey) =>
        new() { Field = field, CustomTextKey = textKey, Severity = ValidationIssueSeverity.Error };
}
