#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Core.Models.Validation;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;

namespace Altinn.App.Logic.Validators;

/// <summary>Working hours have an upper limit; high expenses are often yearly amounts.</summary>
public class EconomyValidator : IFormDataValidator
{
    public string DataType => nameof(Economy);

    public bool HasRelevantChanges(object current, object previous)
    {
        Economy now = (Economy)current;
        Economy before = (Economy)previous;
        return now.Hours?.PerWeek != before.Hours?.PerWeek
            || now.Derived?.MonthlyExpenses != before.Derived?.MonthlyExpenses;
    }

    public Task<List<ValidationIssue>> ValidateFormData(
        Instance instance,
        DataElement dataElement,
        object data,
        string? language
    )
    {
        Economy form = (Economy)data;
        List<ValidationIssue> issues = [];

        if (form.Hours?.PerWeek > 100)
        {
            issues.Add(Issue.Error("hours.perWeek", "validation.hoursTooMany"));
        }

        if (form.Derived?.MonthlyExpenses > 150_000)
        {
            issues.Add(Issue.Warning("expenses.housing", "validation.expensesHigh"));
        }

        return Task.FromResult(issues);
    }
}
